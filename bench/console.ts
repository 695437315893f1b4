/**
 * What the API takes at every GET that it has, over HTTP, client in the same process, on stores in memory; and what an open
 * console costs by that. `node dist/bench/console.js [--servers 200] [--resources 10000] [--calls 300] [--only REGEX]`
 */
import { Agent, get } from 'node:http';
import { setImmediate } from 'node:timers';
import { setTimeout as sleep } from 'node:timers/promises';
import { AdviserThread } from '../forecaster/planner/adviser-thread.js';
import { pageAssets } from '../cli/services/assets.js';
import { forecastBlock } from '../core/forecast.js';
import type { ForecastRun } from '../core/metric-store/port.js';
import { MemoryMetricStore } from '../core/metric-store/memory.js';
import type { Sample, SeriesKey } from '../core/sample.js';
import { recordPlan } from '../core/table-store/plans.js';
import { Draft } from '../core/table-store/draft.js';
import { PLACEMENT } from '../core/table-store/records/table.js';
import { ApiFront } from '../test/support/api-front.js';
import { ControlPlane } from '../test/support/control-plane.js';
import { r, s } from '../test/support/names.js';
import { resourceSeries, serverSeries } from '../test/support/series.js';
import { cpuSeconds } from './cpu-seconds.js';

const SERVERS = option('servers', 200);
const RESOURCES = option('resources', 10_000);
const STEP_MS = 300_000;
const PAST_STEPS = 300;
const CALLS = option('calls', 300);
const ASKED_EVERY_MS = 3000;
/** A round every five minutes: with each step of the forecast, as rounds come by default. */
const ROUND_EVERY_CALLS = STEP_MS / ASKED_EVERY_MS;
/** A page hears of news this long after them, and asks (api/news-stream.ts); a person is slower. */
const NEWS_MS = 250;
/**
 * Calls follow each other at once, by a clock that is simulated; what a round leaves to prepare is prepared before the second, though, within that
 * time. Until then answers are asked for that nobody counts: a machine that has slept answers several times later.
 */
const PREPARED_MS = 1000;

function option(name: string, fallback: number): number {
  return Number(text(name, String(fallback)));
}

function text(name: string, fallback: string): string {
  const at = process.argv.indexOf(`--${name}`);
  return at === -1 ? fallback : (process.argv[at + 1] ?? fallback);
}

/** How often the page asks at most (console/pages/cluster.ts), by path. */
const CLUSTER_PAGE = [
  ['/v1/status', 3000],
  ['/v1/plans', 3000],
  ['/v1/heat-map', 30_000],
] as const;
const VARIANTS = [
  '/v1/heat-map?pastSteps=288',
  '/v1/plans/1/score?without=r0',
  '/v1/history?limit=1000',
  // `#`: another server at each call, so that none was searched for before.
  '/v1/what-if?change=lose%20s#',
  '/v1/what-if?change=resize%20s#%20cpu=1',
  '/v1/what-if?change=move%20r5%20s#',
];
const AGENT = new Agent({ keepAlive: true, maxSockets: 1 });

interface Filled {
  readonly front: ApiFront;
  readonly plane: ControlPlane;
  readonly adviser: AdviserThread;
}

async function filled(): Promise<Filled> {
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
      const isOfServer = at < own.length;
      const wave = 0.5 + 0.4 * Math.sin((step + at) / 20);
      // What resources use is as much as is forecast: by far more than their servers have, another fleet would be asked about at first.
      return { series: key, timeMs, value: isOfServer ? wave : 0.03 * wave };
    });
    await metricStore.writeSamples(samples);
  }
  await metricStore.writeForecast(forecast(endMs));
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
  const adviser = new AdviserThread();
  const assets = await pageAssets();
  const front = await ApiFront.start(undefined, { plane, metricStore, adviser, assets });
  await front.preparations.start();
  return { front, plane, adviser };
}

/** Of all series, made of nothing: `salt` makes it another one. */
function forecast(endMs: number, salt = 0): ForecastRun {
  const servers = Array.from({ length: SERVERS }, (_, at) => `s${at}`);
  const series = [
    ...Array.from({ length: RESOURCES }, (_, at) => resourceSeries(`r${at}`, 'cpu')),
    ...servers.flatMap((id) => [serverSeries(id), serverSeries(id, 'utilization')]),
  ];
  const block = forecastBlock(series, { startMs: endMs, stepMs: STEP_MS, steps: 12 });
  for (let at = 0; at < block.paths.length; at++) {
    block.paths[at] = 0.01 * (1 + salt + (Math.floor(at / 12) % 3));
  }
  for (let at = 0; at < block.peaks.length; at++) block.peaks[at] = 0.01 * (1 + salt + (at % 3));
  return { madeAtMs: endMs + salt, models: series.map(() => 'made'), block, leads: [1, 6, 12] };
}

/** What makes most of what was kept worthless: a step is over, with a newer forecast, and a resource that is elsewhere. */
async function roundAndMove(): Promise<void> {
  rounds++;
  await plane.clock.advance(STEP_MS - (plane.clock.realtimeMs() % STEP_MS));
  const endMs = Math.floor(plane.clock.realtimeMs() / STEP_MS) * STEP_MS;
  await front.metricStore.writeForecast(forecast(endMs, rounds / 1000));
  const placement = plane.view.get(PLACEMENT, r('r9'))?.value;
  if (placement === undefined) throw new Error('r9 is placed');
  const server = s(`s${rounds % SERVERS}`);
  await plane.write(new Draft().put(PLACEMENT, r('r9'), { ...placement, server }));
}

let rounds = 0;
const { front, plane, adviser } = await filled();

/** What one route takes, as a client on this machine sees it. */
interface Taken {
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Of the calls that were the first after a round and a move: wall, and CPU. */
  readonly firstMs: number;
  readonly firstCpuMs: number;
  /** Meanwhile, the longest that the event loop, which serves everything else, did nothing else. */
  readonly heldMs: number;
  readonly cpuMs: number;
  readonly bytes: number;
}

/** @param gapMs between a round and the first call after it */
async function taken(path: string, gapMs: number): Promise<Taken> {
  const first = path.replace('#', '0');
  await roundAndMove();
  await answer(first);
  await prepared(first);
  const loop = new LoopWatch();
  const times: number[] = [];
  let firstMs = 0;
  let firstCpuMs = 0;
  let bytes = 0;
  let cpu = 0;
  for (let call = 1; call <= CALLS; call++) {
    const isFirst = call % ROUND_EVERY_CALLS === 0;
    if (isFirst) await roundAndMove();
    else await plane.clock.advance(ASKED_EVERY_MS);
    if (isFirst) loop.start();
    if (isFirst) await sleep(gapMs);
    const cpuBefore = cpuSeconds();
    const startMs = performance.now();
    bytes = await answer(path.replace('#', String(call % SERVERS)));
    const ms = performance.now() - startMs;
    const cpuMs = 1000 * (cpuSeconds() - cpuBefore);
    cpu += cpuMs;
    if (isFirst) await loop.stop();
    if (isFirst) await prepared(first);
    times.push(ms);
    if (isFirst) firstMs = Math.max(firstMs, ms);
    if (isFirst) firstCpuMs = Math.max(firstCpuMs, cpuMs);
  }
  times.sort((a, b) => a - b);
  const at = (share: number): number => times[Math.ceil(share * times.length) - 1] ?? NaN;
  const [p50Ms, p99Ms] = [at(0.5), at(0.99)];
  return { p50Ms, p99Ms, firstMs, firstCpuMs, heldMs: loop.heldMs, cpuMs: cpu / CALLS, bytes };
}

/** What a round leaves to prepare has been prepared. */
async function prepared(path: string): Promise<void> {
  const endMs = performance.now() + PREPARED_MS;
  while (performance.now() < endMs) await answer(path);
}

/** Goes around the event loop all the time, and notes how long that took at most. */
class LoopWatch {
  heldMs = 0;
  #isOn = false;

  start(): void {
    this.#isOn = true;
    let lastMs = performance.now();
    const around = (): void => {
      const nowMs = performance.now();
      this.heldMs = Math.max(this.heldMs, nowMs - lastMs);
      lastMs = nowMs;
      if (this.#isOn) setImmediate(around);
    };
    setImmediate(around);
  }

  async stop(): Promise<void> {
    this.#isOn = false;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Bytes of an answer, asked for over HTTP. */
function answer(path: string): Promise<number> {
  const { host, port } = front.server.address;
  return new Promise((resolve, reject) => {
    get({ host, port, path, agent: AGENT }, (response) => {
      let bytes = 0;
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
      });
      response.on('end', () => {
        if (response.statusCode === 200) resolve(bytes);
        else reject(new Error(`${path} answers ${response.statusCode}`));
      });
    }).on('error', reject);
  });
}

/** Each GET of the API, as pages ask for it. */
function asked(): string[] {
  const paths = front.routes
    .filter(({ method, path }) => method === 'GET' && path !== '/v1/broken')
    .map(({ path }) =>
      path.replace(':server', 's0').replace(':resource', 'r5').replace(':plan', '1'),
    );
  const only = new RegExp(text('only', ''));
  return [...paths, ...VARIANTS, '/openapi.json', '/'].filter((path) => only.test(path));
}

console.log(
  `${SERVERS} servers, ${RESOURCES} resources; ${CALLS} calls of each, ${ASKED_EVERY_MS} ms apart,`,
);
console.log(
  `every ${ROUND_EVERY_CALLS}th the first after a round and a move: at once, and ${NEWS_MS} ms`,
);
console.log('later, when a page has heard that there is something new');
console.log(row(['', 'at once', '', '', '', 'later', '', '', '', '', '']));
const FIGURES = ['p50 ms', 'p99 ms', 'first ms', 'held ms'];
console.log(row(['', ...FIGURES, ...FIGURES, 'first CPU', 'CPU ms', 'bytes']));
const shares = new Map<string, number>();
for (const path of asked()) {
  const atOnce = await taken(path, 0);
  const later = await taken(path, NEWS_MS);
  shares.set(path, atOnce.cpuMs);
  const times = [
    ...[atOnce, later].flatMap(({ p50Ms, p99Ms, firstMs, heldMs }) => [
      p50Ms,
      p99Ms,
      firstMs,
      heldMs,
    ]),
    atOnce.firstCpuMs,
    atOnce.cpuMs,
  ];
  const figures = [...times.map((ms) => ms.toFixed(1)), String(atOnce.bytes)];
  console.log(row([path, ...figures]));
}
const share = CLUSTER_PAGE.reduce(
  (sum, [path, restMs]) => sum + (shares.get(path) ?? NaN) / restMs,
  0,
);
console.log(
  `the open cluster page: ${(100 * share).toFixed(2)} % of a core at most, client included`,
);
await front.stop();
await adviser.stop();
AGENT.destroy();
const assets = [...(await pageAssets()).values()];
const sizes = [
  assets.reduce((sum, { content }) => sum + content.length, 0),
  assets.reduce((sum, { content, gzipped }) => sum + (gzipped ?? content).length, 0),
];
console.log(`page, style, ${assets.length - 2} scripts: ${sizes[0]} bytes, ${sizes[1]} compressed`);

function row([path = '', ...figures]: readonly string[]): string {
  return path.padEnd(39) + figures.map((figure) => figure.padStart(9)).join('');
}
