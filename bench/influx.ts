/**
 * What the metric store on a real influxd costs, started for the bench on this machine: wall time, CPU time of this process and
 * of influxd. 250 resources with four metrics each are a thousand series.
 * `npm run bench -- influx [--resources 250] [--days 7] [--every 300]`: a sample of each series every so many seconds
 */
import { readFileSync } from 'node:fs';
import { DIMENSIONS } from '../core/domain.js';
import type { ResourceId } from '../core/domain.js';
import { SystemClock } from '../core/clock/system.js';
import { SILENT_LOG } from '../core/log.js';
import { InfluxMetricStore } from '../core/metric-store/influx/store.js';
import type { MetricStore } from '../core/metric-store/port.js';
import { OutboundGuard } from '../core/net/guard.js';
import { NodeNet } from '../core/net/node.js';
import type { Sample, SeriesKey } from '../core/sample.js';
import { SeededRng, between } from '../core/rng.js';
import { InfluxServer } from '../test/support/influx-server.js';
import { forecastRun } from '../test/support/series.js';

const DAY_MS = 86_400_000;
const STEP_MS = 300_000;
const RESOURCES = option('resources', 250);
const DAYS = option('days', 7);
const EVERY_MS = 1000 * option('every', 300);
/** InfluxDB judges what is old by its own clock. */
const END_MS = Math.floor(Date.now() / DAY_MS) * DAY_MS;
const CLOCK_TICK_MS = 10;

function option(name: string, fallback: number): number {
  const at = process.argv.indexOf(`--${name}`);
  return at === -1 ? fallback : Number(process.argv[at + 1]);
}

const ids = Array.from({ length: RESOURCES }, (_, at) => `vol-${at}` as ResourceId);
const keys = ids.flatMap((id) =>
  DIMENSIONS.map((metric): SeriesKey => ({ subject: 'resource', id, metric })),
);
const rng = new SeededRng(1);

function storeOn(url: string): MetricStore {
  const clock = new SystemClock();
  const ports = [{ first: 1, last: 65_535 }];
  const guard = new OutboundGuard({ networks: ['127.0.0.0/8'], ports, excluded: [] });
  return new InfluxMetricStore(
    { net: new NodeNet(clock, guard), clock, rng, log: SILENT_LOG },
    {
      url,
      database: 'bench',
      rawRetentionMs: 2 * DAY_MS,
      rollupMs: STEP_MS,
      rollupRetentionMs: 400 * DAY_MS,
      forecastRetentionMs: 30 * DAY_MS,
    },
  );
}

/** Of influxd, as the kernel counts it. */
function influxdCpuMs({ pid }: InfluxServer): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) * CLOCK_TICK_MS;
}

async function measured<Result>(
  server: InfluxServer,
  what: string,
  work: () => Promise<Result>,
): Promise<Result> {
  const cpu = process.cpuUsage();
  const theirs = influxdCpuMs(server);
  const startMs = performance.now();
  const result = await work();
  const wallMs = performance.now() - startMs;
  const { user, system } = process.cpuUsage(cpu);
  const cells = [wallMs, (user + system) / 1000, influxdCpuMs(server) - theirs].map((ms) =>
    ms.toFixed(0).padStart(9),
  );
  console.log(`${what.padEnd(54)} ${cells.join(' ')}`);
  return result;
}

async function writeAll(store: MetricStore): Promise<void> {
  let batch: Sample[] = [];
  for (let timeMs = END_MS - DAYS * DAY_MS; timeMs < END_MS; timeMs += EVERY_MS) {
    for (const series of keys) batch.push({ series, timeMs, value: between(rng, 0, 100) });
    if (batch.length < 90_000) continue;
    await store.writeSamples(batch);
    batch = [];
  }
  await store.writeSamples(batch);
}

/** @throws if a value is missing */
async function readPanel(store: MetricStore, steps: number): Promise<void> {
  const startMs = END_MS - steps * STEP_MS;
  const { values } = await store.readPanel({ series: keys, startMs, stepMs: STEP_MS, steps });
  const gaps = values.reduce((count, value) => count + (Number.isNaN(value) ? 1 : 0), 0);
  if (gaps > 0) throw new Error(`${gaps} of ${values.length} values are missing`);
}

async function readSaid(store: MetricStore): Promise<void> {
  for (const series of keys.slice(0, 500)) {
    for (const leadMs of [1, 6].map((lead) => lead * STEP_MS)) {
      await store.readSaid({ series, leadMs, fromMs: END_MS - STEP_MS, toMs: END_MS });
    }
  }
}

const server = await InfluxServer.start();
try {
  const store = storeOn(server.url);
  const steps = (DAYS * DAY_MS) / STEP_MS;
  const counted = `${keys.length} series, ${DAYS} days`;
  console.log(`node ${process.version}${' '.repeat(40)} wall ms   own CPU  influxd`);
  await measured(server, `write ${counted}, every ${EVERY_MS / 1000} s`, () => writeAll(store));
  await measured(server, `panel of ${counted}, 5-min steps`, () => readPanel(store, steps));
  await measured(server, 'the same again', () => readPanel(store, steps));
  await measured(server, 'compaction: means of days older than 2', () => store.compact(END_MS));
  await measured(server, 'the panel, from means and samples', () => readPanel(store, steps));
  await measured(server, 'the same again', () => readPanel(store, steps));
  await measured(server, 'what a round reads: one step of all series', () => readPanel(store, 1));
  await measured(server, 'list of series of all days', () =>
    store.listSeries(END_MS - DAYS * DAY_MS),
  );
  const run = forecastRun(keys, { startMs: END_MS, madeAtMs: Date.now() });
  await measured(server, 'write a forecast of all series, 12 steps', () =>
    store.writeForecast(run),
  );
  await measured(server, 'read it in another process', () => storeOn(server.url).latestForecast());
  await measured(server, 'what was said of 500 series at two leads', () => readSaid(store));
  await store.close();
} finally {
  await server.dispose();
}
