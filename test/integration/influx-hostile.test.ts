import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Outbox } from '../../collector/outbox.js';
import { Spool } from '../../collector/spool.js';
import { SystemClock } from '../../core/clock/system.js';
import { MemoryDisk } from '../../core/disk/memory.js';
import type { ErrorCode } from '../../core/errors.js';
import { SILENT_LOG } from '../../core/log.js';
import type { InfluxMetricStore } from '../../core/metric-store/influx/store.js';
import { SeededRng, pick } from '../../core/rng.js';
import { engineUp } from '../support/engine-up.js';
import type { Answer } from '../support/fake-influx.js';
import { FakeInflux, NOTHING, WRITTEN, wellBehaved } from '../support/fake-influx.js';
import { influxStore } from '../support/influx-store.js';
import { resourceSeries, sample } from '../support/series.js';

/* Answers of something that is no InfluxDB, or one in trouble: each ends in a coded error, soon, and nothing is made of it. */

const CALLS = {
  writeTimeoutMs: 300,
  readTimeoutMs: 300,
  answerBytesMax: 10_000,
  retryMs: 5,
};
const HITS = resourceSeries('vol-1');
/** Well above `CALLS`, far below what would hold anybody up. */
const SOON_MS = 5000;

describe('a hostile InfluxDB', () => {
  let fake: FakeInflux;
  let store: InfluxMetricStore;

  beforeEach(async () => {
    fake = await FakeInflux.start();
    store = influxStore({ url: fake.url, database: 'd', calls: CALLS });
  });

  afterEach(async () => {
    await store.close();
    await fake.dispose();
  });

  function write(): Promise<void> {
    return store.writeSamples([sample(HITS, Date.now(), 1)]);
  }

  async function read(): Promise<readonly number[]> {
    const grid = { startMs: Math.floor(Date.now() / 1000) * 1000 - 2000, stepMs: 1000, steps: 2 };
    return [...(await store.readPanel({ series: [HITS], ...grid })).values];
  }

  async function codeOf(work: () => Promise<unknown>): Promise<ErrorCode | 'fine'> {
    const startMs = performance.now();
    const code = await work().then(
      () => 'fine' as const,
      (error: unknown) => (error as { readonly code: ErrorCode }).code,
    );
    expect(performance.now() - startMs).toBeLessThan(SOON_MS);
    return code;
  }

  /** As it shows in `status` and in `/metrics`, until the next call of its kind is answered. */
  async function expectSaid(code: ErrorCode, again: () => Promise<unknown>): Promise<void> {
    const { health } = store;
    expect([health.fault?.code, await engineUp(health)]).toEqual([code, 0]);
    fake.answer = (asked) => (asked.kind === 'query' ? NOTHING : wellBehaved(asked));
    expect(await codeOf(again)).toBe('fine');
    expect([health.fault, await engineUp(health)]).toEqual([undefined, 1]);
  }

  const HTML = '<html>It works!</html>';
  const TORN = '{"results":[{"statement_id":0,"series":[{"name":"res';
  const conflict =
    '{"error":"partial write: field type conflict: input field \\"hits\\" dropped=1"}';
  const tooOld = '{"error":"partial write: points beyond retention policy dropped=1"}';

  const writes: readonly (readonly [string, Answer, ErrorCode | 'fine', number])[] = [
    ['a failure inside', { status: 500, body: '{"error":"timeout"}' }, 'ERR_STORE_AMBIGUOUS', 3],
    ['that it is busy', { status: 503, body: '' }, 'ERR_STORE_UNAVAILABLE', 3],
    ['that it is asked too much', { status: 429 }, 'ERR_STORE_UNAVAILABLE', 3],
    ['who are you', { status: 401, body: '{"error":"no"}' }, 'ERR_STORE_UNAVAILABLE', 1],
    ['that we may not', { status: 403 }, 'ERR_STORE_UNAVAILABLE', 1],
    ['a conflict of types', { status: 400, body: conflict }, 'ERR_STORE_REFUSED', 1],
    ['that it is too much at once', { status: 413 }, 'ERR_STORE_REFUSED', 1],
    ['that it is too old', { status: 400, body: tooOld }, 'fine', 1],
    ['a page', { status: 200, body: HTML }, 'ERR_STORE_UNAVAILABLE', 1],
    ['that it has moved', { status: 302 }, 'ERR_STORE_UNAVAILABLE', 1],
    ['nothing', 'silence', 'ERR_STORE_AMBIGUOUS', 1],
    ['half', { status: 200, body: HTML, end: 'cut' }, 'ERR_STORE_AMBIGUOUS', 1],
    ['without end', { status: 200, body: HTML, end: 'endless' }, 'ERR_STORE_AMBIGUOUS', 1],
    ['at length', { status: 500, body: 'x'.repeat(20_000) }, 'ERR_STORE_AMBIGUOUS', 1],
  ];
  for (const [what, answer, code, attempts] of writes) {
    it(`that answers a write with ${what}: ${code}`, async () => {
      fake.answer = (asked) => (asked.kind === 'write' ? answer : wellBehaved(asked));
      expect(await codeOf(write)).toBe(code);
      expect(fake.count('write')).toBe(attempts);
      if (code !== 'fine') await expectSaid(code, write);
    });
  }

  const series = (values: unknown): Answer => ({
    status: 200,
    body: JSON.stringify({
      results: [{ series: [{ tags: { resource: 'vol-1' }, columns: ['time', 'hits'], values }] }],
    }),
  });
  const inside = (error: string): Answer => ({
    status: 200,
    body: JSON.stringify({ results: [{ statement_id: 0, error }] }),
  });
  const reads: readonly (readonly [string, Answer, ErrorCode])[] = [
    ['a failure inside', { status: 500, body: '{"error":"x"}' }, 'ERR_STORE_UNAVAILABLE'],
    ['who are you', { status: 401 }, 'ERR_STORE_UNAVAILABLE'],
    ['a page', { status: 200, body: HTML }, 'ERR_STORE_UNAVAILABLE'],
    ['torn JSON', { status: 200, body: TORN }, 'ERR_STORE_UNAVAILABLE'],
    ['nothing in it', { status: 200, body: '' }, 'ERR_STORE_UNAVAILABLE'],
    ['half', { status: 200, body: TORN, end: 'cut' }, 'ERR_STORE_UNAVAILABLE'],
    ['without end', { status: 200, body: TORN, end: 'endless' }, 'ERR_STORE_UNAVAILABLE'],
    ['nothing', 'silence', 'ERR_STORE_UNAVAILABLE'],
    ['more than anybody asked for', { status: 200, body: ' '.repeat(20_000) }, 'ERR_STORE_REFUSED'],
    ['a text for a number', series([[0, 'many']]), 'ERR_STORE_UNAVAILABLE'],
    ['rows of another width', series([[0]]), 'ERR_STORE_UNAVAILABLE'],
    ['no rows', series({}), 'ERR_STORE_UNAVAILABLE'],
    ['an array', { status: 200, body: '[]' }, 'ERR_STORE_UNAVAILABLE'],
    ['no results', { status: 200, body: '{}' }, 'ERR_STORE_UNAVAILABLE'],
    ['that it ran out of time', inside('timeout reached'), 'ERR_STORE_UNAVAILABLE'],
    ['that it does not understand', inside('error parsing query'), 'ERR_STORE_REFUSED'],
    [
      'a part, and that more is to come',
      { status: 200, body: '{"results":[{"statement_id":0,"partial":true}]}\n' },
      'ERR_STORE_UNAVAILABLE',
    ],
    [
      'a part, and then a failure',
      { status: 200, body: '{"results":[{"partial":true}]}\n{"error":"timeout"}\n' },
      'ERR_STORE_UNAVAILABLE',
    ],
  ];
  for (const [what, answer, code] of reads) {
    it(`that answers a question with ${what}: ${code}`, async () => {
      fake.answer = (asked) => (asked.kind === 'query' ? answer : wellBehaved(asked));
      expect(await codeOf(read)).toBe(code);
      await expectSaid(code, read);
    });
  }

  const tasks: readonly (readonly [string, Answer])[] = [
    ['who are you', { status: 401, body: '{"error":"no"}' }],
    ['a failure', { status: 500 }],
    ['a page', { status: 200, body: HTML }],
    ['torn JSON', { status: 200, body: TORN, end: 'cut' }],
    ['without end', { status: 200, body: TORN, end: 'endless' }],
    ['nothing', 'silence'],
    ['results of nothing', { status: 200, body: '{"results":[]}' }],
    ['an error', inside('not for you')],
  ];
  for (const [what, answer] of tasks) {
    it(`that answers what sets it up with ${what} is not available, and is once it behaves`, async () => {
      fake.answer = ({ kind }) => (kind === 'administration' ? answer : WRITTEN);
      expect(await codeOf(write)).toBe('ERR_STORE_UNAVAILABLE');
      expect(fake.lines).toEqual([]);
      fake.answer = wellBehaved;
      expect(await codeOf(write)).toBe('fine');
      expect(fake.lines).toHaveLength(1);
    });
  }

  it('is asked again when it fails at once, and not when it takes it', async () => {
    fake.answer = (asked) =>
      asked.kind === 'write' && asked.number < 2 ? { status: 500 } : wellBehaved(asked);
    expect(await codeOf(write)).toBe('fine');
    expect(fake.count('write')).toBe(3);
  });

  it('that has lost its database is given it again', async () => {
    expect(await codeOf(write)).toBe('fine');
    const before = fake.count('administration');
    const missing = { status: 404, body: '{"error":"database not found: \\"d\\""}' };
    fake.answer = (asked) =>
      asked.kind === 'write' && asked.number === 1 ? missing : wellBehaved(asked);
    expect(await codeOf(write)).toBe('fine');
    fake.answer = (asked) =>
      asked.kind === 'query' && asked.number === 0
        ? inside('database not found: d')
        : wellBehaved(asked);
    expect(await read()).toEqual([NaN, NaN]);
    expect(fake.count('administration')).toBeGreaterThan(2 * before);
  });

  it('is told what was under way to say that more waits than may', async () => {
    const calls = { ...CALLS, writesMax: 1, waitingMax: 2 };
    const busy = influxStore({ url: fake.url, database: 'd', calls });
    fake.answer = (asked) => (asked.kind === 'write' ? 'silence' : wellBehaved(asked));
    const codes = await Promise.all(
      Array.from({ length: 5 }, (_, at) =>
        codeOf(() => busy.writeSamples([sample(HITS, Date.now(), at)])),
      ),
    );
    expect(codes.filter((code) => code === 'ERR_STORE_UNAVAILABLE')).toHaveLength(2);
    expect(codes.filter((code) => code === 'ERR_STORE_AMBIGUOUS')).toHaveLength(3);
    await busy.close();
  });

  for (const seed of [1, 2, 3]) {
    it(`loses no sample to whatever it answers for a while (seed ${seed})`, async () => {
      const rng = new SeededRng(seed);
      const faults: readonly Answer[] = [
        WRITTEN,
        { status: 500 },
        { status: 503 },
        { status: 401 },
        { status: 200, body: HTML },
        { status: 200, body: TORN, end: 'cut' },
        'silence',
      ];
      const clock = new SystemClock();
      const spool = await Spool.open({ disk: new MemoryDisk(), clock, log: SILENT_LOG });
      const outbox = new Outbox(
        { store, spool, clock, log: SILENT_LOG },
        { retryMinMs: 10, retryMaxMs: 50, patienceMs: 200 },
      );
      await outbox.start();
      fake.answer = (asked) =>
        asked.kind === 'write'
          ? asked.number < 25
            ? pick(rng, faults)
            : WRITTEN
          : wellBehaved(asked);
      const startMs = Date.now();
      for (let poll = 0; poll < 20; poll++) {
        await outbox.write([0, 1, 2].map((at) => sample(HITS, startMs + 3 * poll + at, at)));
      }
      const endMs = performance.now() + 20_000;
      while (outbox.status().isSpooling && performance.now() < endMs) await clock.sleep(10);
      await outbox.stop();
      const times = new Set(fake.lines.map((line) => Number(line.split(' ')[2]) - startMs));
      expect([...times].sort((a, b) => a - b)).toEqual([...Array(60).keys()]);
      expect(outbox.status().lost).toEqual({ beyondBound: 0, diskFailed: 0, refused: 0 });
    });
  }

  it('that knows nothing is an empty store', async () => {
    fake.answer = (asked) => (asked.kind === 'query' ? NOTHING : wellBehaved(asked));
    expect(await read()).toEqual([NaN, NaN]);
    expect(await store.listSeries(0)).toEqual([]);
    expect(await store.latestForecast()).toBeUndefined();
    expect(await store.readEvents(0, 1)).toEqual([]);
    expect(await store.readScores(0, 1)).toEqual([]);
  });
});
