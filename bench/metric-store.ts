/**
 * What the embedded metric store costs: CPU by the process's own accounting, wall time, bytes on the disk.
 * Samples come as from a collector: each server's series together, every server at a moment of its own.
 * `node dist/bench/metric-store.js [--series 1000] [--every 10] [--days 7] [--year]`
 */
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SystemClock } from '../core/clock/system.js';
import { NodeDisk } from '../core/disk/node.js';
import { DIMENSIONS } from '../core/domain.js';
import type { ServerId } from '../core/domain.js';
import { SILENT_LOG } from '../core/log.js';
import { EmbeddedMetricStore } from '../core/metric-store/embedded.js';
import { MemoryMetricStore } from '../core/metric-store/memory.js';
import type { MetricStore } from '../core/metric-store/port.js';
import type { Sample, SeriesKey } from '../core/sample.js';
import { SeededRng, between } from '../core/rng.js';

const DAY_MS = 86_400_000;
const STEP_MS = 300_000;
const SERIES = option('series', 1000);
const EVERY_MS = option('every', 10) * 1000;
const DAYS = option('days', 7);
const SERVERS = SERIES / DIMENSIONS.length;
const END_MS = 20_000 * DAY_MS;
const RETENTION = {
  rawRetentionMs: 2 * DAY_MS,
  rollupMs: STEP_MS,
  rollupRetentionMs: 400 * DAY_MS,
  forecastRetentionMs: 30 * DAY_MS,
};

function option(name: string, fallback: number): number {
  const at = process.argv.indexOf(`--${name}`);
  return at === -1 ? fallback : Number(process.argv[at + 1]);
}

const rng = new SeededRng(1);
const offsets = Array.from({ length: SERVERS }, () => Math.floor(between(rng, 0, EVERY_MS)));
const keys = Array.from({ length: SERVERS }, (_, server) =>
  DIMENSIONS.map((metric): SeriesKey => {
    return { subject: 'server', id: `server-${server}` as ServerId, metric };
  }),
);

/** The polls of one period, a server after the other. */
function* polls(periodMs: number): Generator<Sample[]> {
  for (let server = 0; server < SERVERS; server++) {
    const timeMs = periodMs + (offsets[server] ?? 0);
    yield (keys[server] ?? []).map((series) => ({ series, timeMs, value: between(rng, 0, 100) }));
  }
}

async function measured<Result>(what: string, work: () => Promise<Result>): Promise<Result> {
  const cpu = process.cpuUsage();
  const startMs = performance.now();
  const result = await work();
  const wallMs = performance.now() - startMs;
  const { user, system } = process.cpuUsage(cpu);
  const cpuMs = (user + system) / 1000;
  console.log(
    `${what.padEnd(58)} ${wallMs.toFixed(0).padStart(7)} ms ${cpuMs.toFixed(0).padStart(7)} ms CPU`,
  );
  return result;
}

async function writeDays(store: MetricStore, days: number, everyMs: number): Promise<void> {
  for (let ms = END_MS - days * DAY_MS; ms < END_MS; ms += everyMs) {
    for (const samples of polls(ms)) await store.writeSamples(samples);
  }
}

async function readPanel(store: MetricStore, days: number, series = keys.flat()): Promise<void> {
  const steps = (days * DAY_MS) / STEP_MS;
  const panel = await store.readPanel({
    series,
    startMs: END_MS - days * DAY_MS,
    stepMs: STEP_MS,
    steps,
  });
  const known = panel.values.reduce((sum, value) => sum + (Number.isNaN(value) ? 0 : 1), 0);
  if (known < 0.99 * panel.values.length) throw new Error(`${known} values are known`);
}

async function bytesIn(folder: string): Promise<string> {
  const kinds = new Map<string, number>();
  for (const name of await readdir(folder)) {
    const kind = name.split('-')[0] ?? '';
    kinds.set(kind, (kinds.get(kind) ?? 0) + (await stat(join(folder, name))).size);
  }
  return [...kinds].map(([kind, bytes]) => `${kind} ${(bytes / 1e6).toFixed(1)} MB`).join(', ');
}

const root = await mkdtemp(join(tmpdir(), 'foreshift-bench-'));
try {
  const parts = { disk: new NodeDisk(root), clock: new SystemClock(), log: SILENT_LOG };
  const open = () => EmbeddedMetricStore.open(parts, RETENTION);
  const counted = `${SERIES} series every ${EVERY_MS / 1000} s`;
  console.log(`node ${process.version}; wall time, CPU time of this process`);

  let store = await open();
  await measured(`write ${DAYS} days of ${counted}`, () => writeDays(store, DAYS, EVERY_MS));
  const samples = (DAYS * DAY_MS * SERIES) / EVERY_MS;
  console.log(
    `  ${(samples / 1e6).toFixed(1)} million samples; ${await bytesIn(join(root, 'metrics'))}`,
  );
  await measured('  roll up what is past its raw retention', () => store.compact(END_MS));
  await measured('  close', () => store.close());
  console.log(`  ${await bytesIn(join(root, 'metrics'))}`);

  store = await measured('open', open);
  const all = `${SERIES} series × ${DAYS} days × 5-min steps`;
  await measured(`first panel: ${all}`, () => readPanel(store, DAYS));
  await measured(`panel again: ${all}`, () => readPanel(store, DAYS));
  await measured('panel of the last hour, all series', () => readPanel(store, 1 / 24));
  await measured('panel of one series, all days', () =>
    readPanel(store, DAYS, keys.flat().slice(0, 1)),
  );
  await measured('list the series of the last hour', () => store.listSeries(END_MS - 3_600_000));
  await measured(`write one period of ${counted}`, async () => {
    for (const poll of polls(END_MS)) await store.writeSamples(poll);
  });
  await store.close();

  const memory = new MemoryMetricStore();
  await measured(`in memory: write ${DAYS} days, 5-min steps`, () =>
    writeDays(memory, DAYS, STEP_MS),
  );
  await measured('in memory: the same panel', () => readPanel(memory, DAYS));

  if (process.argv.includes('--year')) {
    await rm(root, { recursive: true });
    store = await open();
    await measured(`write a year of ${SERIES} series, 5-min steps`, async () => {
      await writeDays(store, 365, STEP_MS);
      await store.compact(END_MS);
    });
    await store.close();
    console.log(`  ${await bytesIn(join(root, 'metrics'))}`);
    store = await measured('open a year', open);
    await measured(`panel of ${all}`, () => readPanel(store, DAYS));
    await measured('panel of one series, a year', () =>
      readPanel(store, 365, keys.flat().slice(0, 1)),
    );
    await store.close();
  }
} finally {
  await rm(root, { recursive: true, force: true });
}
