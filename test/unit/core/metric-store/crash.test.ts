import { describe, expect, it } from '@jest/globals';
import type { Clock } from '../../../../core/clock/port.js';
import { SimulatedClock } from '../../../../core/clock/simulated.js';
import type { Disk } from '../../../../core/disk/port.js';
import { SILENT_LOG } from '../../../../core/log.js';
import { EmbeddedMetricStore } from '../../../../core/metric-store/embedded.js';
import type { ForecastRun, Score, StoredEvent } from '../../../../core/metric-store/port.js';
import { formatSeries } from '../../../../core/sample.js';
import type { Sample } from '../../../../core/sample.js';
import type { Rng } from '../../../../core/rng.js';
import { integerBelow, pick } from '../../../../core/rng.js';
import type { CrashingDisk } from '../../../support/crash.js';
import { crashEverywhere } from '../../../support/crash.js';
import {
  forecastRun,
  readRow,
  resourceSeries,
  sample,
  serverSeries,
} from '../../../support/series.js';

const SECOND = 1000;
const DAY = 86_400_000;
const MIDNIGHT = 20_000 * DAY;
const DURABLE_WITHIN = 2 * SECOND;
const SERIES = [serverSeries('s1'), serverSeries('s2'), resourceSeries('vol-7')];
const SEEDS = Array.from({ length: 10 }, (_, seed) => seed);

const openAt = (disk: Disk, clock: Clock) =>
  EmbeddedMetricStore.open(
    { disk, clock, log: SILENT_LOG },
    {
      rawRetentionMs: 2 * DAY,
      rollupMs: 300_000,
      rollupRetentionMs: 30 * DAY,
      forecastRetentionMs: 30 * DAY,
      durableWithinMs: DURABLE_WITHIN,
    },
  );

const open = (disk: Disk) => openAt(disk, new SimulatedClock());

/** When something was promised, if it was, and what. */
interface Promised<Value> {
  readonly value: Value;
  atMs: number | undefined;
}

class Lived {
  crashedAtMs = Infinity;
  readonly samples: Promised<Sample>[] = [];
  readonly scores: Promised<Score>[] = [];
  readonly events: Promised<StoredEvent>[] = [];
  readonly forecasts: Promised<ForecastRun>[] = [];

  /** It must be there: it was answered in time. */
  mustHave({ atMs }: Promised<unknown>, withinMs = DURABLE_WITHIN): boolean {
    return atMs !== undefined && atMs + withinMs <= this.crashedAtMs;
  }
}

async function promise<Value>(
  to: Promised<Value>[],
  value: Value,
  { clock, write }: { clock: Clock; write: () => Promise<void> },
): Promise<void> {
  const promised: Promised<Value> = { value, atMs: undefined };
  to.push(promised);
  try {
    await write();
    promised.atMs = clock.monotonicMs();
  } catch {
    // not promised
  }
}

/** Few moments around midnight, in any order, many of them written twice with other values. */
async function live(disk: CrashingDisk, rng: Rng): Promise<Lived> {
  const clock = new SimulatedClock();
  const lived = new Lived();
  disk.onCrash = () => {
    lived.crashedAtMs = clock.monotonicMs();
  };
  const store = await openAt(disk, clock).catch(() => undefined);
  for (let turn = 0; store !== undefined && turn < 25 && !disk.isOff; turn++) {
    const timeMs = MIDNIGHT + (integerBelow(rng, 20) - 10) * SECOND;
    const batch = SERIES.map((series) =>
      sample(series, timeMs, 100 * turn + integerBelow(rng, 100)),
    );
    const written = batch.slice(integerBelow(rng, 3));
    // One promise for the batch, as the port has it.
    const marker: Promised<Sample>[] = [];
    await promise(marker, written[0]!, { clock, write: () => store.writeSamples(written) });
    for (const value of written) lived.samples.push({ value, atMs: marker[0]?.atMs });
    if (turn % 5 === 1) {
      const score: Score = {
        series: SERIES[0]!,
        timeMs: MIDNIGHT + turn * SECOND,
        leadMs: 300_000,
        inBand: 1,
        absoluteError: turn,
        pinball: 0.5,
      };
      await promise(lived.scores, score, { clock, write: () => store.writeScores([score]) });
    }
    if (turn % 5 === 2) {
      const event: StoredEvent = { kind: 'note', timeMs: timeMs, text: String(turn) };
      await promise(lived.events, event, { clock, write: () => store.writeEvent(event) });
    }
    if (turn % 5 === 3) {
      const run = forecastRun(SERIES, { startMs: MIDNIGHT + turn * 300_000 });
      await promise(lived.forecasts, run, { clock, write: () => store.writeForecast(run) });
    }
    await clock.advance(pick(rng, [0, 100, 700, 1500]));
  }
  return lived;
}

async function check(disk: Disk, lived: Lived): Promise<void> {
  const store = await open(disk);
  const grid = { startMs: MIDNIGHT - 10 * SECOND, stepMs: SECOND, steps: 20 };
  const panel = await store.readPanel({ series: SERIES, ...grid });
  const wrong = [...panel.values].flatMap((value, at) => {
    const series = SERIES[Math.floor(at / grid.steps)]!;
    const timeMs = grid.startMs + (at % grid.steps) * SECOND;
    const writes = lived.samples.filter(
      ({ value: one }) =>
        one.timeMs === timeMs && formatSeries(one.series) === formatSeries(series),
    );
    const last = writes.findLastIndex((one) => lived.mustHave(one));
    const allowed = writes.slice(Math.max(0, last)).map(({ value: one }) => one.value);
    const isRight = allowed.includes(value) || (last === -1 && Number.isNaN(value));
    return isRight ? [] : [{ series, timeMs, value, allowed }];
  });
  expect(wrong).toEqual([]);
  const scores = await store.readScores(0, 2 * MIDNIGHT);
  for (const one of lived.scores) if (lived.mustHave(one)) expect(scores).toContainEqual(one.value);
  expect(lived.scores.map(({ value }) => value)).toEqual(expect.arrayContaining([...scores]));
  const events = await store.readEvents(0, 2 * MIDNIGHT);
  for (const one of lived.events)
    if (lived.mustHave(one, 0)) expect(events).toContainEqual(one.value);
  expect(lived.events.map(({ value }) => value)).toEqual(expect.arrayContaining([...events]));
  await checkForecasts(store, lived);
  await store.close();
}

async function checkForecasts(store: EmbeddedMetricStore, lived: Lived): Promise<void> {
  const latest = await store.latestForecast();
  const last = lived.forecasts.findLastIndex((one) => lived.mustHave(one, 0));
  const runs = lived.forecasts.map(({ value }) => value);
  const allowed = runs.slice(Math.max(0, last));
  expect(last === -1 ? [undefined, ...allowed] : allowed).toContainEqual(latest);
  const said = await store.readSaid({
    series: SERIES[1]!,
    leadMs: 300_000,
    fromMs: 0,
    toMs: 2 * MIDNIGHT,
  });
  const times = said.map(({ timeMs }) => timeMs);
  for (const one of lived.forecasts) {
    if (lived.mustHave(one)) expect(times).toContain(one.value.block.grid.startMs);
  }
  for (const { p10, p50, p90 } of said) expect([p10, p50, p90]).toEqual([109.75, 110, 110.5]);
}

/** Days that are rolled up, one that is removed, and samples that come after all that. */
interface Compacted {
  isWritten: boolean;
  isFilled: boolean;
}

const OLD = MIDNIGHT - 10 * DAY;

function oldSamples(): Sample[] {
  return SERIES.flatMap((series, at) =>
    Array.from({ length: 2 * 48 }, (_, half) =>
      sample(series, OLD + half * 1_800_000, 10 * at + half),
    ),
  );
}

async function compact(disk: CrashingDisk): Promise<Compacted> {
  const clock = new SimulatedClock();
  const compacted = { isWritten: false, isFilled: false };
  const store = await openAt(disk, clock).catch(() => undefined);
  if (store === undefined) return compacted;
  const steps: readonly (() => Promise<void> | void)[] = [
    () => store.writeSamples([sample(SERIES[0]!, MIDNIGHT - 40 * DAY, 1)]),
    () => store.writeSamples(oldSamples()),
    () => clock.advance(DURABLE_WITHIN),
    () => {
      compacted.isWritten = !disk.isOff;
    },
    () => store.compact(MIDNIGHT),
    () => store.writeSamples(oldSamples().slice(0, 40)),
    () => store.writeSamples([sample(SERIES[0]!, OLD + 900_000, 7)]),
    () => clock.advance(DURABLE_WITHIN),
    () => {
      compacted.isFilled = !disk.isOff;
    },
    () => store.compact(MIDNIGHT),
    () => store.compact(MIDNIGHT),
  ];
  for (const step of steps) {
    try {
      await step();
    } catch {
      if (!disk.isOff) throw new Error('only a disk that is off may fail');
    }
  }
  return compacted;
}

async function checkCompacted(disk: Disk, { isWritten, isFilled }: Compacted): Promise<void> {
  const store = await open(disk);
  for (let times = 0; times < 2; times++) {
    const grid = { startMs: OLD, stepMs: 900_000, steps: 4 * 48 };
    for (const [at, series] of SERIES.entries()) {
      const row = await readRow(store, series, grid);
      const wrong = row.flatMap((value, step) => {
        const isFill = at === 0 && step === 1;
        const expected = isFill ? 7 : step % 2 === 0 ? 10 * at + step / 2 : null;
        const isSure = isFill ? isFilled : isWritten;
        const isRight = value === expected || (value === null && !isSure);
        return isRight ? [] : [{ series, step, value, expected }];
      });
      expect(wrong).toEqual([]);
    }
    await store.compact(MIDNIGHT);
  }
  await store.close();
}

describe('EmbeddedMetricStore, its power cut at every call to the disk', () => {
  it.each(SEEDS)(
    'has all that is old enough, nothing that was never written, and the later of two (seed %d)',
    async (seed) => {
      expect(await crashEverywhere({ seed, live, open, check })).toBeGreaterThan(30);
    },
  );

  it.each(SEEDS.slice(0, 3))('loses and changes nothing by compaction (seed %d)', async (seed) => {
    const plan = { seed, live: compact, open, check: checkCompacted };
    expect(await crashEverywhere(plan)).toBeGreaterThan(30);
  });
});
