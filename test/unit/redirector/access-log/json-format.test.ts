import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { jsonLine } from '../../../../redirector/access-log/json-format.js';
import { fuzzRuns } from '../../../support/fuzz.js';

const text = fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.constant('plain'));
const maybe = fc.option(text, { nil: undefined });
const count = fc.nat();

it('writes an entry as JSON.stringify does, whatever stands in it', () => {
  const access = fc.record({
    request: fc.option(
      fc.record({
        method: fc.constantFrom('GET', 'M-SEARCH'),
        authority: text,
        path: text,
        query: text,
        minorVersion: fc.constantFrom(0, 1),
      }),
      { nil: undefined },
    ),
    client: fc.constantFrom('10.0.0.1', '::1'),
    scheme: fc.constantFrom('http' as const, 'https' as const),
    end: fc.constantFrom('whole' as const, 'refused' as const),
    reason: maybe,
    id: maybe,
    status: fc.constantFrom(0, 200, 503),
    resource: maybe,
    server: maybe,
    bytesIn: count,
    bytesOut: count,
    ms: fc.double({ min: 0, max: 1e6, noNaN: true }),
  });
  fc.assert(
    fc.property(access, maybe, ({ request, ...entry }, query) => {
      const time = '2026-01-01T00:00:00.000Z';
      const { client, scheme, end, reason, id, status, resource, server, bytesIn, bytesOut } =
        entry;
      const line = jsonLine({ ...entry, ...(request && { request }) }, { time, query });
      expect(line).toBe(
        JSON.stringify({
          ...{ time, protocol: 'http' },
          ...{ method: request?.method, host: request?.authority, path: request?.path, query },
          ...{ minorVersion: request?.minorVersion, client, scheme, end, reason, id, status },
          ...{ resource, server, bytesIn, bytesOut },
          ms: Math.round(entry.ms * 1000) / 1000,
        }),
      );
    }),
    fuzzRuns(1000),
  );
});
