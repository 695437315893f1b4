import { beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { SimulatedClock } from '../../../../core/clock/simulated.js';
import { framed, recordsOf } from '../../../../core/disk/frames.js';
import { MemoryDisk } from '../../../../core/disk/memory.js';
import { codeOf } from '../../../../core/errors.js';
import { EmbeddedMetricStore } from '../../../../core/metric-store/embedded.js';
import type { StoredEvent } from '../../../../core/metric-store/port.js';
import { damaged, framesOfAnything } from '../../../support/damage.js';
import { fuzzRuns } from '../../../support/fuzz.js';
import { RecordingLog } from '../../../support/recording-log.js';
import { readRow, resourceSeries, sample, serverSeries } from '../../../support/series.js';

/*
 * Files of the metric store with damage, and files of whole frames that say anything: whoever opens them gets
 * a coded error, or what was written, or a gap that the log speaks of. Then it can be written to again.
 */

const RUNS = fuzzRuns(10_000);
const DAY = 86_400_000;
const NOW = 20_000 * DAY;
const SERIES = [serverSeries('s1'), resourceSeries('vol-7'), resourceSeries('vol-8', 'latency')];
const STEPS = 10;
const RAW = 'metrics/samples-2024-10-04';
const ROLLUP = 'metrics/rollup-2024-10-04';
const EVENTS = 'metrics/events-2024-10-04';

const openOn = (disk: MemoryDisk, log: RecordingLog) =>
  EmbeddedMetricStore.open(
    { disk, clock: new SimulatedClock(), log },
    {
      rawRetentionMs: DAY,
      rollupMs: 14_400_000,
      rollupRetentionMs: 400 * DAY,
      forecastRetentionMs: DAY,
    },
  );

const EVENTS_WRITTEN: readonly StoredEvent[] = [0, 1, 2].map((at) => ({
  kind: 'note',
  timeMs: NOW + at,
  text: `event ${at}`,
}));

/** The files of a store that was written to, some samples late. */
async function writtenFiles(isRolledUp: boolean): Promise<Map<string, Uint8Array>> {
  const disk = new MemoryDisk();
  const store = await openOn(disk, new RecordingLog());
  for (let step = 0; step < STEPS; step++) {
    const batch = SERIES.map((series, at) =>
      sample(series, NOW + (step * 14_400_000) / 4, valueOf(at, step)),
    );
    await store.writeSamples(step % 3 === 0 ? batch.slice(1) : batch);
    if (step % 3 === 2) await store.close();
    if (step % 3 === 2) return continued(disk, step, isRolledUp);
  }
  throw new Error('not reached');
}

/** A second process went on. */
async function continued(disk: MemoryDisk, from: number, isRolledUp: boolean) {
  const store = await openOn(disk, new RecordingLog());
  for (let step = from + 1; step < STEPS; step++) {
    const timeMs = NOW + (step * 14_400_000) / 4;
    await store.writeSamples(SERIES.map((series, at) => sample(series, timeMs, valueOf(at, step))));
  }
  for (let step = 0; step < STEPS; step += 3) {
    await store.writeSamples([sample(SERIES[0]!, NOW + (step * 14_400_000) / 4, valueOf(0, step))]);
  }
  for (const event of EVENTS_WRITTEN) await store.writeEvent(event);
  if (isRolledUp) await store.compact(NOW + 3 * DAY);
  await store.close();
  const files = new Map<string, Uint8Array>();
  for (const path of [RAW, ROLLUP, EVENTS]) {
    const bytes = await disk.read(path);
    if (bytes !== undefined) files.set(path, bytes);
  }
  return files;
}

function valueOf(series: number, step: number): number {
  return 1000 * (series + 1) + step;
}

/** A store that finds these bytes under this path. */
async function storeWith(path: string, bytes: Uint8Array, log: RecordingLog) {
  const disk = new MemoryDisk();
  await disk.replace(path, bytes);
  return openOn(disk, log);
}

/** What it answers; undefined: it refused with a code. */
async function answered<Value>(call: Promise<Value>): Promise<Value | undefined> {
  try {
    return await call;
  } catch (error) {
    if (codeOf(error) === undefined) throw error;
    return undefined;
  }
}

async function readAll(
  store: EmbeddedMetricStore,
  stepMs: number,
  steps: number,
): Promise<number[] | undefined> {
  const panel = await answered(store.readPanel({ series: SERIES, startMs: NOW, stepMs, steps }));
  return panel === undefined ? undefined : [...panel.values];
}

/** Other days are as well as ever. */
async function expectUsable(store: EmbeddedMetricStore): Promise<void> {
  const timeMs = NOW + 5 * DAY;
  await store.writeSamples([sample(SERIES[0]!, timeMs, 1)]);
  expect(await readRow(store, SERIES[0]!, { startMs: timeMs, stepMs: 1, steps: 1 })).toEqual([1]);
}

describe('fuzz', () => {
  let raw: Uint8Array;
  let rollup: Uint8Array;
  let events: Uint8Array;

  beforeAll(async () => {
    const files = await writtenFiles(false);
    raw = files.get(RAW)!;
    events = files.get(EVENTS)!;
    rollup = (await writtenFiles(true)).get(ROLLUP)!;
  });

  it('a damaged segment gives what was written, or a gap that is told of', async () => {
    const whole = SERIES.flatMap((_series, at) =>
      Array.from({ length: STEPS }, (_, step) => valueOf(at, step)),
    );
    const intact = await storeWith(RAW, raw, new RecordingLog());
    expect(await readAll(intact, 3_600_000, STEPS)).toEqual(whole);
    let gaps = 0;
    await fc.assert(
      fc.asyncProperty(damaged(raw), async (bytes) => {
        const log = new RecordingLog();
        const store = await storeWith(RAW, bytes, log);
        const values = await readAll(store, 3_600_000, STEPS);
        await answered(store.listSeries(0));
        const wrong = values?.filter((value, at) => !Number.isNaN(value) && value !== whole[at]);
        if (wrong !== undefined && wrong.length > 0)
          throw new Error(`never written: ${wrong.join()}`);
        if (values?.some(Number.isNaN) === true) {
          gaps += 1;
          // Of the first records only, it is a file that was written less to.
          const isTold = log.messages.includes('torn tail cut from segment');
          expect(isTold || isBeginning(bytes, raw)).toBe(true);
        }
        await expectUsable(store);
      }),
      RUNS,
    );
    expect(gaps).toBeGreaterThan(RUNS.numRuns / 10);
  });

  it('a segment of frames that say anything gives a coded error or what it says', async () => {
    const numbers = fc.array(fc.oneof(fc.nat(3), fc.nat(0xffffffff)), { maxLength: 12 });
    const record = fc.oneof(
      fc.constantFrom(...recordsOf(raw).records),
      fc.tuple(fc.nat(6), fc.uint8Array({ maxLength: 40 })).map(([kind, rest]) => [kind, ...rest]),
      fc.tuple(fc.constantFrom(3, 4), numbers).map(([kind, list]) => [kind, ...u32(list)]),
      fc.tuple(fc.constant(2), fc.json()).map(([kind, text]) => [kind, ...Buffer.from(text)]),
    );
    const [head] = recordsOf(raw).records;
    await fc.assert(
      fc.asyncProperty(
        fc.array(record, { maxLength: 10 }),
        fc.boolean(),
        async (records, hasHead) => {
          const all = records.map((one) => Uint8Array.from(one)).filter(({ length }) => length > 0);
          const bytes = framed(hasHead ? [head!, ...all] : all);
          const store = await storeWith(RAW, bytes, new RecordingLog());
          await readAll(store, 3_600_000, STEPS);
          await answered(store.listSeries(0));
          await answered(store.writeSamples([sample(SERIES[0]!, NOW, 1)]));
          await answered(store.compact(NOW + 3 * DAY));
          await expectUsable(store);
        },
      ),
      RUNS,
    );
  });

  it('a damaged rollup gives the means that were written, or a gap that is told of', async () => {
    const intact = await storeWith(ROLLUP, rollup, new RecordingLog());
    const whole = (await readAll(intact, 14_400_000, 3))!;
    expect(whole.every((value) => value > 1000)).toBe(true);
    let gaps = 0;
    await fc.assert(
      fc.asyncProperty(damaged(rollup), async (bytes) => {
        const log = new RecordingLog();
        const store = await storeWith(ROLLUP, bytes, log);
        const values = (await readAll(store, 14_400_000, 3))!;
        const isRight = values.every((value, at) => Number.isNaN(value) || value === whole[at]);
        if (!isRight) throw new Error(`never written: ${values.join()}`);
        if (values.some(Number.isNaN)) {
          gaps += 1;
          expect(log.messages).toEqual(['rollup not readable']);
        }
        await answered(store.listSeries(0));
        await expectUsable(store);
      }),
      RUNS,
    );
    expect(gaps).toBeGreaterThan(RUNS.numRuns / 10);
  });

  it('a rollup of frames that say anything gives no error without a code', async () => {
    const record = fc.oneof(
      fc.constantFrom(...recordsOf(rollup).records),
      fc.uint8Array({ minLength: 1, maxLength: 60 }),
      rollupHead().map((head) => new Uint8Array(Buffer.from(JSON.stringify(head)))),
    );
    await fc.assert(
      fc.asyncProperty(framesOfAnything(record), async (bytes) => {
        const store = await storeWith(ROLLUP, bytes, new RecordingLog());
        await readAll(store, 14_400_000, 3);
        await answered(store.listSeries(0));
        await answered(store.writeSamples([sample(SERIES[0]!, NOW, 1)]));
        await answered(store.compact(NOW + 3 * DAY));
        await expectUsable(store);
      }),
      RUNS,
    );
  });

  it('damaged events are those that were written, the first of them, and what is cut off is told of', async () => {
    await fc.assert(
      fc.asyncProperty(damaged(events), async (bytes) => {
        const log = new RecordingLog();
        const store = await storeWith(EVENTS, bytes, log);
        const read = (await store.readEvents(0, 2 * NOW)) as StoredEvent[];
        for (const event of read) expect(EVENTS_WRITTEN).toContainEqual(event);
        const isTold = log.messages.includes('torn tail cut from journal');
        expect(isTold).toBe(recordsOf(bytes).end < bytes.byteLength);
        await store.writeEvent(EVENTS_WRITTEN[2]!);
        expect(await store.readEvents(0, 2 * NOW)).toContainEqual(EVENTS_WRITTEN[2]);
      }),
      RUNS,
    );
  });

  it('records that are no events are left out, and told of', async () => {
    const record = fc.oneof(
      fc.json().map((text) => new Uint8Array(Buffer.from(text))),
      fc.uint8Array({ minLength: 1, maxLength: 40 }),
      fc.constantFrom(...recordsOf(events).records),
    );
    await fc.assert(
      fc.asyncProperty(framesOfAnything(record), async (bytes) => {
        const log = new RecordingLog();
        const store = await storeWith(EVENTS, bytes, log);
        const read = await store.readEvents(0, 2 * NOW);
        for (const event of read) expect(EVENTS_WRITTEN).toContainEqual(event);
        const known = recordsOf(events).records.map((one) => Buffer.from(one).toString());
        const unknown = recordsOf(bytes).records.filter(
          (one) => !known.includes(Buffer.from(one).toString()),
        );
        expect(log.messages.includes('unknown events left out')).toBe(unknown.length > 0);
      }),
      RUNS,
    );
  });
});

function isBeginning(bytes: Uint8Array, whole: Uint8Array): boolean {
  return Buffer.compare(bytes, whole.subarray(0, bytes.byteLength)) === 0;
}

function u32(numbers: readonly number[]): Uint8Array {
  return new Uint8Array(Uint32Array.from(numbers).buffer);
}

function rollupHead() {
  return fc.record({
    format: fc.constant('foreshift-rollup'),
    version: fc.constantFrom(1, 2),
    day: fc.constantFrom(20_000, 20_001, 0.5),
    stepMs: fc.oneof(fc.constantFrom(14_400_000, 86_400_000, 1, 0), fc.integer()),
    series: fc.array(fc.oneof(fc.constantFrom('server/s1/cpu', 'x', ''), fc.string()), {
      maxLength: 4,
    }),
    latestMs: fc.array(fc.integer({ min: -1, max: DAY }), { maxLength: 4 }),
  });
}
