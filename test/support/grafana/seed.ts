import type { MetricStore, Score } from '../../../core/metric-store/port.js';
import type { Sample, SeriesKey } from '../../../core/sample.js';
import { p, r, s } from '../names.js';
import { forecastRun, resourceSeries, sample, serverSeries } from '../series.js';

/* Six hours of a small service, and the hour that is forecast: something of everything that dashboards draw, written by the product's own code. */

const STEP_MS = 300_000;
const HOUR_MS = 3_600_000;
/** How far ahead is scored, in steps. */
const LEADS = [1, 6, 12];

const SERVERS = ['s1', 's2', 's3'];
const RESOURCES = ['vol-1', 'vol-2'];
const UTILIZATIONS = SERVERS.map((name) => serverSeries(name, 'utilization'));
const LOADS = RESOURCES.flatMap((name) =>
  (['cpu', 'network', 'hits'] as const).map((metric) => resourceSeries(name, metric)),
);
const MEASURED: readonly SeriesKey[] = [
  ...UTILIZATIONS,
  ...SERVERS.map((name) => serverSeries(name, 'cpu')),
  ...LOADS,
  ...RESOURCES.map((name) => resourceSeries(name, 'latency')),
];

export async function seedService(store: MetricStore, nowMs: number): Promise<void> {
  const lastMs = Math.floor(nowMs / STEP_MS) * STEP_MS;
  const samples: Sample[] = [];
  for (let timeMs = lastMs - 6 * HOUR_MS; timeMs < nowMs; timeMs += STEP_MS) {
    for (const [at, series] of MEASURED.entries()) {
      samples.push(sample(series, timeMs, 0.3 + 0.05 * at + 0.1 * Math.sin(timeMs / HOUR_MS)));
    }
  }
  await store.writeSamples(samples);
  for (let startMs = lastMs - 3 * HOUR_MS; startMs <= lastMs; startMs += STEP_MS) {
    await store.writeForecast(
      forecastRun([...UTILIZATIONS, ...LOADS], {
        startMs,
        stepMs: STEP_MS,
        base: 0.5,
        leads: LEADS,
      }),
    );
  }
  await store.writeScores(scoresUntil(lastMs));
  await writeEvents(store, nowMs);
}

function scoresUntil(lastMs: number): Score[] {
  const scores: Score[] = [];
  for (let timeMs = lastMs - 2 * HOUR_MS; timeMs < lastMs; timeMs += STEP_MS) {
    for (const series of UTILIZATIONS) {
      for (const lead of LEADS) {
        const inBand = timeMs % (5 * STEP_MS) === 0 ? 0 : 1;
        const score = { series, timeMs, leadMs: lead * STEP_MS, inBand } as const;
        scores.push({ ...score, absoluteError: 0.05, pinball: 0.02 * lead });
      }
    }
  }
  return scores;
}

async function writeEvents(store: MetricStore, nowMs: number): Promise<void> {
  const times = { drainMs: 20, holdMs: 38, heldRequests: 57, failedRequests: 0 };
  const [plan, batch, why] = [p('7'), 0, ''];
  const resources = RESOURCES.map(r);
  for (const [at, server] of ['s1', 's2', 's3'].entries()) {
    await store.writeEvent({
      ...{ kind: 'switch', result: 'applied', plan, batch, why, resources, ...times },
      timeMs: nowMs - (3 - at) * HOUR_MS,
      generation: `1.${at + 1}`,
      targets: resources.map(() => s(server)),
    });
  }
  await store.writeEvent({
    ...{ kind: 'switch', result: 'given-back', plan, batch, resources, ...times },
    timeMs: nowMs - HOUR_MS / 2,
    why: 'the target refused',
    generation: '1.9',
  });
  await store.writeEvent({
    ...{ kind: 'plan', plan, status: 'applied', moves: 2, by: 'ann', text: 'forecast: s1' },
    timeMs: nowMs - HOUR_MS,
  });
  await store.writeEvent({
    ...{ kind: 'note', text: 'pause: balancing paused (ann)' },
    timeMs: nowMs - HOUR_MS,
  });
}
