import { afterAll, beforeAll, describe, expect } from '@jest/globals';
import fc from 'fast-check';
import type { ResourceId } from '../../core/domain.js';
import { isName } from '../../core/domain.js';
import type { InfluxMetricStore } from '../../core/metric-store/influx/store.js';
import type { SeriesKey } from '../../core/sample.js';
import { fuzzRuns } from '../support/fuzz.js';
import { InfluxServer } from '../support/influx-server.js';
import { influxStore } from '../support/influx-store.js';
import { itWith } from '../support/installed.js';

/* Names that no check has seen, from the inside: whatever they are, they stay values of tags. */

const DATABASE = 'names';
/** A hundred thousand, where nobody waits for it. */
const NAMES = fuzzRuns(100_000).numRuns;
const BATCH = 10_000;
const HOSTILE = [
  '',
  ' ',
  'a b',
  'a,b=c',
  'a\nresource_load,resource=x cpu=1',
  'a\\',
  '\\',
  '"',
  "'",
  "' OR '' = '",
  "'; DROP DATABASE names; --",
  '/.*/',
  '$tag',
  '%',
  '%000A',
  '%25',
  '\0',
  '\r\n',
  '\ud800',
  '\udfff\ud800',
  'é',
  'e\u0301',
  '🦊',
  '__proto__',
  'constructor',
];
const SPITEFUL = Array.from('abz019._:-% ,=\\"\'\n\r\t\0/|()[]{}^$*+?<>;é\u0301🦊\ud800\udfff');

describe('tens of thousands of hostile names', () => {
  const it = itWith(InfluxServer.program);
  let server: InfluxServer;
  let store: InfluxMetricStore;

  beforeAll(async () => {
    server = await InfluxServer.start();
    store = influxStore({
      url: server.url,
      database: DATABASE,
      calls: { readTimeoutMs: 120_000 },
    });
  });

  afterAll(async () => {
    await store.close();
    await server.dispose();
  });

  function names(): string[] {
    const known = new Set(HOSTILE);
    const arbitrary = fc.oneof(
      fc.array(fc.constantFrom(...SPITEFUL), { maxLength: 12 }).map((parts) => parts.join('')),
      fc.string({ unit: 'binary', maxLength: 12 }),
      fc.mixedCase(fc.constantFrom(...HOSTILE, 'resource_load', 'select')),
    );
    for (let seed = 1; known.size < NAMES; seed++) {
      for (const name of fc.sample(arbitrary, { seed, numRuns: Math.ceil(NAMES / 4) })) {
        if (known.size < NAMES) known.add(name);
      }
    }
    return [...known];
  }

  it('are kept apart, make no measurement, and are read back', async () => {
    const timeMs = Date.now() - 3_600_000;
    const all = names();
    expect(all).toHaveLength(NAMES);
    for (let from = 0; from < NAMES; from += BATCH) {
      const series = all.slice(from, from + BATCH).map((name): SeriesKey => ({
        subject: 'resource',
        id: name as ResourceId,
        metric: 'hits',
      }));
      await store.writeSamples(
        series.map((key, at) => ({ series: key, timeMs, value: from + at + 1 })),
      );
      const grid = { startMs: timeMs, stepMs: 1000, steps: 1 };
      const { values } = await store.readPanel({ series, ...grid });
      const wrong = [...values.keys()].filter((at) => values[at] !== from + at + 1);
      expect(wrong.map((at) => all[from + at])).toEqual([]);
    }
    expect(await server.ask('SHOW MEASUREMENTS', DATABASE)).toEqual([['resource_load']]);
    expect(await server.ask('SHOW TAG KEYS', DATABASE)).toEqual([['resource']]);
    expect(await server.ask('SHOW FIELD KEYS', DATABASE)).toEqual([['hits', 'float']]);
    const counted = await server.ask('SELECT count("hits") FROM "raw"."resource_load"', DATABASE);
    expect(counted.map(([, count]) => count)).toEqual([NAMES]);
    // The list of series has those that could be names of ours.
    const listed = await store.listSeries(timeMs);
    const legal = all.filter(isName);
    expect(listed.map(({ id }) => id).sort()).toEqual(legal.sort());
  }, 300_000);
});
