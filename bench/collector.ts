/**
 * What collecting costs: CPU by the process's own accounting, and the longest time that nothing else could run.
 * `node dist/bench/collector.js [--resources 100000] [--members 2]`
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { importTrace } from '../collector/import.js';
import { Outbox } from '../collector/outbox.js';
import { NODE_EXPORTER } from '../collector/prometheus/node-exporter.js';
import { PrometheusSource } from '../collector/prometheus/prometheus-source.js';
import { believableMax } from '../collector/rates.js';
import { RedirectorSource } from '../collector/redirector-source.js';
import type { Source } from '../collector/source.js';
import { Spool } from '../collector/spool.js';
import { SystemClock } from '../core/clock/system.js';
import { COUNTERS_PATH } from '../core/counters-page.js';
import { NodeDisk } from '../core/disk/node.js';
import type { MemberId, ResourceId, ServerId } from '../core/domain.js';
import { SILENT_LOG } from '../core/log.js';
import { MemoryMetricStore } from '../core/metric-store/memory.js';
import type { Sample } from '../core/sample.js';
import type { Placement } from '../core/table.js';
import { AssignmentTable } from '../core/table.js';
import { generatedTrace } from '../core/trace/generated.js';
import { countersRoute } from '../redirector/counters-route.js';
import { Gate } from '../redirector/gate.js';
import { nodeExporterPage } from '../test/support/node-exporter-page.js';
import { PageNet } from '../test/support/page-net.js';
import { SampleStore } from '../test/support/samples.js';

const RESOURCES = option('resources', 100_000);
const MEMBERS = option('members', 2);
const RATES = { intervalMaxMs: 1e9, limits: believableMax() };
const clock = new SystemClock();

function option(name: string, fallback: number): number {
  const at = process.argv.indexOf(`--${name}`);
  return at === -1 ? fallback : Number(process.argv[at + 1]);
}

/** Prints CPU and wall milliseconds, and the longest stop of the event loop. */
async function measured<Result>(what: string, work: () => Promise<Result>): Promise<Result> {
  await new Promise((resolve) => setTimeout(resolve, 20));
  const stops = monitorEventLoopDelay({ resolution: 1 });
  stops.enable();
  const cpu = process.cpuUsage();
  const startMs = performance.now();
  const result = await work();
  const wallMs = performance.now() - startMs;
  const { user, system } = process.cpuUsage(cpu);
  await new Promise((resolve) => setTimeout(resolve, 5));
  stops.disable();
  const cpuMs = (user + system) / 1000;
  const figures = [cpuMs, wallMs, stops.max / 1e6].map((ms) => ms.toFixed(1).padStart(9));
  console.log(`${what.padEnd(52)} CPU${figures[0]} ms  wall${figures[1]} ms  stop${figures[2]} ms`);
  return result;
}

/** Polls and takes the samples as the outbox does: in batches, other work between them. */
async function poll(source: Source): Promise<number> {
  const { signal } = new AbortController();
  const monotonicMs = clock.monotonicMs();
  const { samples } = await source.poll({ timeMs: 0, monotonicMs, timeoutMs: 60_000, signal });
  let count = 0;
  for (const sample of samples) {
    if (sample.value >= 0) count += 1;
    if (count % 5000 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  return count;
}

async function nodeExporters(): Promise<void> {
  const net = new PageNet();
  const url = 'http://h/metrics';
  const source = new PrometheusSource(net, {
    ...RATES,
    server: 's1' as ServerId,
    url,
    mapping: NODE_EXPORTER,
    pageBytesMax: 8 << 20,
  });
  const filler = Array.from(
    { length: 1000 },
    (_, at) => `node_other_${at}{device="sda"} ${at}.5\n`,
  );
  const pages = Array.from({ length: 2000 }, (_, at) => {
    const cpu = Array.from({ length: 32 }, (_, core) => ({ user: core + at, idle: 5 * at }));
    return filler.join('') + nodeExporterPage({ timeMs: at * 10_000, cpu });
  });
  const bytes = pages[0]?.length ?? 0;
  await measured(`2,000 pages of node_exporter, ${bytes} bytes, 32 cores`, async () => {
    for (const page of pages) {
      net.put(url, page);
      await poll(source);
    }
  });
}

async function redirectors(): Promise<void> {
  const net = new PageNet();
  const names = Array.from({ length: RESOURCES }, (_, at) => `volume-${at}` as ResourceId);
  const placement: Placement = {
    server: 's1' as ServerId,
    since: { incarnation: 1, epoch: 1 },
    standby: null,
  };
  const table = AssignmentTable.empty.with(
    names.map((name) => [name, placement]),
    { incarnation: 1, epoch: 1 },
  );
  const members = Array.from({ length: MEMBERS }, (_, at) => `r${at}` as MemberId);
  const gates = members.map((member) => {
    const gate = new Gate({ clock, needsLease: () => false }, { resourcesMax: RESOURCES });
    gate.apply(table);
    net.mount(`http://${member}:1`, countersRoute({ gate, clock, member, boot: 'b' }));
    return gate;
  });
  const hit = (): void => {
    for (const gate of gates) {
      for (let at = 0; at < RESOURCES; at++) {
        gate.enter(at);
        gate.leave(at, 4321, 1.234567);
      }
    }
  };
  const source = new RedirectorSource(
    { net, clock, members: () => members.map((id) => ({ id, address: { host: id, port: 1 } })) },
    { ...RATES, resourcesMax: RESOURCES },
  );
  hit();
  await poll(source);
  const before = net.calls.length;
  hit();
  const what = `${MEMBERS} redirectors × ${RESOURCES} resources, pages made and read`;
  const samples = await measured(what, () => poll(source));
  const first = await net.call({
    method: 'GET',
    url: `http://r0:1${COUNTERS_PATH}?from=0`,
    timeoutMs: 1,
    answerBytesMax: 1e9,
  });
  const rows = Math.min(RESOURCES, 2000);
  console.log(
    `  ${samples} samples, ${net.calls.length - before - 1} calls, ${first.body.length / rows} bytes a resource`,
  );
}

async function spool(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'foreshift-bench-'));
  const store = new SampleStore();
  const disk = new NodeDisk(folder);
  const spooled = await Spool.open({ disk, clock, log: SILENT_LOG }, { bytesMax: 1 << 30 });
  const outbox = new Outbox({ store, spool: spooled, clock, log: SILENT_LOG });
  const samples = (period: number): Sample[] =>
    Array.from({ length: 4000 }, (_, at) => ({
      series: { subject: 'server', id: `server-${at}` as ServerId, metric: 'cpu' },
      timeMs: 1.7e12 + period * 10_000,
      value: Math.sqrt(at + period),
    }));
  store.state = 'away';
  await measured('4,000 samples × 100 periods to the spool, synced', async () => {
    for (let period = 0; period < 100; period++) await outbox.write(samples(period));
  });
  console.log(`  ${spooled.bytes / 400_000} bytes a sample`);
  store.state = 'well';
  await measured('400,000 samples from the spool to the store', async () => {
    while (outbox.status().isSpooling) await clock.sleep(10);
  });
  await outbox.stop();
  await rm(folder, { recursive: true });
}

async function imports(): Promise<void> {
  const trace = generatedTrace({ resources: 60, days: 30 });
  await measured('import of 60 resources × 30 days × 4 dimensions', async () => {
    const { samples } = await importTrace(trace, { store: new MemoryMetricStore(), clock });
    console.log(`  ${samples} samples`);
  });
}

await nodeExporters();
await redirectors();
await spool();
await imports();
