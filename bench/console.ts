/**
 * What an open console costs the api: CPU by the process's own accounting, its routes called without HTTP, on stores in memory.
 * `node dist/bench/console.js [--servers 200] [--resources 10000]`
 */
import { InlineAdviser } from '../forecaster/planner/adviser.js';
import type { ApiRoute } from '../api/route.js';
import { apiRoutes } from '../api/routes/all.js';
import { pageAssets } from '../cli/services/assets.js';
import { MemoryBus } from '../core/bus/memory.js';
import type { SimulatedClock } from '../core/clock/simulated.js';
import { configSchema } from '../core/config/schema.js';
import { credentialsInMemory } from '../core/credentials/in-memory.js';
import { forecastBlock } from '../core/forecast.js';
import { MemoryMetricStore } from '../core/metric-store/memory.js';
import type { Sample, SeriesKey } from '../core/sample.js';
import { Eligibility } from '../core/table-store/eligibility.js';
import { recordPlan } from '../core/table-store/plans.js';
import { ControlPlane } from '../test/support/control-plane.js';
import { resourceSeries, serverSeries } from '../test/support/series.js';
import { cpuSeconds } from './cpu-seconds.js';

const SERVERS = option('servers', 200);
const RESOURCES = option('resources', 10_000);
const STEP_MS = 300_000;
const PAST_STEPS = 300;
const CALLS = 20;

function option(name: string, fallback: number): number {
  const at = process.argv.indexOf(`--${name}`);
  return at === -1 ? fallback : Number(process.argv[at + 1]);
}

/** How often the page asks at most (console/pages/cluster.ts), by path. */
const CLUSTER_PAGE = [
  ['/v1/status', 3000],
  ['/v1/plans', 3000],
  ['/v1/heat-map?pastSteps=72', 30_000],
] as const;
const OTHERS = [
  '/v1/heat-map?pastSteps=288',
  '/v1/forecast/servers/s0',
  '/v1/forecast/resources/r0',
  '/v1/plans/1/score',
  '/v1/servers',
  '/v1/servers/s0/resources',
  '/v1/switches',
  '/v1/resources',
  '/v1/history?limit=1000',
] as const;

async function filled(): Promise<{
  readonly routes: readonly ApiRoute[];
  readonly clock: SimulatedClock;
}> {
  const servers = Array.from({ length: SERVERS }, (_, at) => `s${at}`);
  const placements = Object.fromEntries(
    Array.from({ length: RESOURCES }, (_, at) => [`r${at}`, `s${at % SERVERS}@1.5`]),
  );
  const plane = await ControlPlane.with(servers, placements);
  const metricStore = new MemoryMetricStore();
  const endMs = Math.floor(plane.clock.realtimeMs() / STEP_MS) * STEP_MS;
  const own = servers.flatMap((id): SeriesKey[] => [
    serverSeries(id),
    serverSeries(id, 'utilization'),
  ]);
  const resources = Object.keys(placements).map((id) => resourceSeries(id, 'cpu'));
  for (let step = 0; step < PAST_STEPS; step++) {
    // Of resources only what is recent is read here.
    const series = step < 12 ? [...own, ...resources] : own;
    const timeMs = endMs - (step + 1) * STEP_MS;
    const samples = series.map((key, at): Sample => {
      return { series: key, timeMs, value: 0.5 + 0.4 * Math.sin((step + at) / 20) };
    });
    await metricStore.writeSamples(samples);
  }
  const series = [...resources, ...own];
  const block = forecastBlock(series, { startMs: endMs, stepMs: STEP_MS, steps: 12 });
  for (let at = 0; at < block.paths.length; at++) {
    block.paths[at] = 0.01 * (1 + (Math.floor(at / 12) % 3));
  }
  for (let at = 0; at < block.peaks.length; at++) block.peaks[at] = 0.01 * (1 + (at % 3));
  const models = series.map(() => 'made');
  await metricStore.writeForecast({ madeAtMs: endMs, models, block, leads: [1, 6, 12] });
  await recordPlan(
    {
      trigger: { kind: 'forecast', detail: 'made' },
      madeAtMs: plane.clock.realtimeMs(),
      expiresAtMs: plane.clock.realtimeMs() + 900_000,
      base: plane.view.table.generation,
      states: {},
      batches: [{ moves: [plane.move('r0', 's1')] }, { moves: [plane.move('r1', 's2')] }],
      standbys: {},
      analysis: null,
    },
    undefined,
    plane,
  );
  const { view, clock, store, log } = plane;
  const { planner, forecast } = configSchema.parse({});
  const routes = apiRoutes(
    {
      ...{ view, clock, store, log, metricStore },
      bus: new MemoryBus(plane),
      eligibility: new Eligibility(plane),
      adviser: new InlineAdviser(),
      credentials: credentialsInMemory(clock),
      collector: () => [],
      engines: [],
    },
    {
      state: {
        ...{ cluster: 'made', mode: 'propose', windowMs: STEP_MS, forecast, planner },
        planning: { planner, stepMs: forecast.stepMs, seed: 1 },
      },
      plans: { planLifeMs: planner.planLifeMs, roundTimeoutMs: 0 },
    },
  );
  return { routes, clock };
}

/** Milliseconds of CPU of one answer, and its bytes. */
async function costOf(
  routes: readonly ApiRoute[],
  asked: string,
): Promise<{ readonly cpuMs: number; readonly bytes: number }> {
  const { pathname, searchParams } = new URL(asked, 'http://api');
  const [route, params] = routeOf(routes, pathname);
  const answer = async (): Promise<string> => {
    const query = Object.fromEntries(searchParams);
    const { signal } = new AbortController();
    return JSON.stringify(await route.handle({ params, query, body: {}, signal }));
  };
  const bytes = (await answer()).length;
  const before = cpuSeconds();
  for (let call = 0; call < CALLS; call++) {
    await answer();
    await clock.advance(3000);
  }
  return { cpuMs: (1000 * (cpuSeconds() - before)) / CALLS, bytes };
}

function routeOf(routes: readonly ApiRoute[], path: string): [ApiRoute, object] {
  for (const route of routes) {
    const pattern = route.path.replaceAll(/:(\w+)/g, '(?<$1>[^/]+)');
    const found = new RegExp(`^${pattern}$`).exec(path);
    if (route.method === 'GET' && found !== null) return [route, { ...found.groups }];
  }
  throw new Error(`no route for ${path}`);
}

const { routes, clock } = await filled();
console.log(`${SERVERS} servers, ${RESOURCES} resources`);
let share = 0;
for (const [path, restMs] of CLUSTER_PAGE) {
  const { cpuMs, bytes } = await costOf(routes, path);
  share += cpuMs / restMs;
  console.log(line(path, cpuMs, bytes, `at most every ${restMs / 1000} s`));
}
console.log(`the open cluster page: ${(100 * share).toFixed(2)} % of a core at most`);
for (const path of OTHERS) {
  const { cpuMs, bytes } = await costOf(routes, path);
  console.log(line(path, cpuMs, bytes, ''));
}
const assets = [...(await pageAssets()).values()];
const sizes = [
  assets.reduce((sum, { content }) => sum + content.length, 0),
  assets.reduce((sum, { content, gzipped }) => sum + (gzipped ?? content).length, 0),
];
console.log(`page, style, ${assets.length - 2} scripts: ${sizes[0]} bytes, ${sizes[1]} compressed`);

function line(path: string, cpuMs: number, bytes: number, often: string): string {
  return `${path.padEnd(32)} ${cpuMs.toFixed(1).padStart(7)} ms CPU ${String(bytes).padStart(9)} bytes  ${often}`;
}
