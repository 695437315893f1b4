import type { Clock } from '../core/clock/port.js';
import type { CountersPage } from '../core/counters-page.js';
import { COUNTERS_PATH, COUNTERS_ROWS_MAX } from '../core/counters-page.js';
import type { MemberId } from '../core/domain.js';
import { fail } from '../core/errors.js';
import type { HttpRoute } from '../core/net/http-route.js';
import { clip } from '../core/text.js';
import type { Gate } from './gate.js';

export interface CountersRouteParts {
  readonly gate: Pick<Gate, 'counters' | 'size'>;
  readonly clock: Clock;
  readonly member: MemberId;
  /** Names the life of the gate, not of the membership: its counters go on when a lease was over. */
  readonly boot: string;
}

/** Where a redirector tells the collector what went through it. Made once a gate, when the gate is made. */
export function countersRoute({ gate, clock, member, boot }: CountersRouteParts): HttpRoute {
  const bornAtMs = clock.monotonicMs();
  return {
    method: 'GET',
    path: COUNTERS_PATH,
    handler: ({ query }) => {
      const from = fromOf(query);
      const rows = gate.counters(from, from + COUNTERS_ROWS_MAX);
      const end = from + rows.length;
      const page: CountersPage = {
        member,
        boot,
        uptimeMs: clock.monotonicMs() - bornAtMs,
        from,
        next: end < gate.size ? end : null,
        resources: rows.map(({ resource }) => resource),
        hits: rows.map(({ hits }) => hits),
        bytes: rows.map(({ bytes }) => bytes),
        // A thousandth of a millisecond is near enough, and much shorter to write.
        serviceMs: rows.map(({ serviceMs }) => Math.round(serviceMs * 1000) / 1000),
        inFlight: rows.map(({ inFlight }) => inFlight),
      };
      const headers = { 'content-type': 'application/json', 'cache-control': 'no-store' };
      return { status: 200, headers, body: JSON.stringify(page) };
    },
  };
}

/** @throws ERR_MESSAGE_INVALID */
function fromOf(query: string): number {
  if (query === '') return 0;
  const from = /^\?from=([0-9]{1,9})$/.exec(query)?.[1];
  if (from !== undefined) return Number(from);
  return fail('ERR_MESSAGE_INVALID', { where: clip(query), why: 'is not ?from= and a row' });
}
