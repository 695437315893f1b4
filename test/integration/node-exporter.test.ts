import { afterEach, beforeEach, describe, expect } from '@jest/globals';
import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { connect, createServer } from 'node:net';
import { Collector } from '../../collector/collector.js';
import { Outbox } from '../../collector/outbox.js';
import { Spool } from '../../collector/spool.js';
import { serverTarget } from '../../collector/target.js';
import { SystemClock } from '../../core/clock/system.js';
import type { Dimension } from '../../core/domain.js';
import { MemoryDisk } from '../../core/disk/memory.js';
import { SILENT_LOG } from '../../core/log.js';
import { MemoryMetricStore } from '../../core/metric-store/memory.js';
import { NodeNet } from '../../core/net/node.js';
import type { CallAnswer, OutboundCall } from '../../core/net/port.js';
import { SeededRng } from '../../core/rng.js';
import { itWith } from '../support/installed.js';
import { s } from '../support/names.js';
import { NodeExporter } from '../support/node-exporter.js';
import { thisMachine } from '../../demo/this-machine.js';
import { untilWithin } from '../support/until.js';

const until = untilWithin(30_000);

/** What the kernel itself says. */
interface Proc {
  /** Wall clock. */
  readonly atMs: number;
  /** Seconds, of all processors. */
  readonly busy: number;
  readonly memoryUsed: number;
  readonly memoryTotal: number;
  /** Bytes both ways of physical devices, and of loopback. */
  readonly network: number;
  readonly loopback: number;
}

function readProc(atMs: number): Proc {
  const [, ...ticks] = (/^cpu .*$/m.exec(readFileSync('/proc/stat', 'utf8'))?.[0] ?? '').split(
    /\s+/,
  );
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = ticks.map(Number);
  const memory = readFileSync('/proc/meminfo', 'utf8');
  const kibibytes = (name: string): number =>
    Number(new RegExp(`^${name}: +([0-9]+) kB$`, 'm').exec(memory)?.[1]) * 1024;
  const devices = readFileSync('/proc/net/dev', 'utf8').split('\n').slice(2).filter(Boolean);
  const bytes = devices.map((line) => {
    const [device = '', ...columns] = line.trim().split(/[:\s]+/);
    return { device, bytes: Number(columns[0]) + Number(columns[8]) };
  });
  const sumOf = (pattern: RegExp): number =>
    bytes.reduce((sum, { device, bytes: count }) => sum + (pattern.test(device) ? count : 0), 0);
  return {
    atMs,
    busy: (user + nice + system + irq + softirq + steal) / 100,
    memoryUsed: kibibytes('MemTotal') - kibibytes('MemAvailable'),
    memoryTotal: kibibytes('MemTotal'),
    network: sumOf(/^(eth|en|wl)/),
    loopback: sumOf(/^lo$/),
  };
}

/** Asks the kernel whenever the collector asks the exporter. */
class WitnessedNet extends NodeNet {
  readonly witnessed: Proc[] = [];

  override call(request: OutboundCall): Promise<CallAnswer> {
    this.witnessed.push(readProc(Date.now()));
    return super.call(request);
  }
}

const EVERY_MS = 500;
/** One processor, for a minute at most: nobody may be left to end it. */
const BURN = 'const endMs = Date.now() + 60_000; while (Date.now() < endMs);';

describe('a real node_exporter', () => {
  const clock = new SystemClock();
  let exporter: NodeExporter;
  let burner: ChildProcess;
  let net: WitnessedNet;
  let store: MemoryMetricStore;
  let startMs = 0;
  let collector: Collector;

  beforeEach(async () => {
    exporter = await NodeExporter.start();
    // So that there is something to measure.
    burner = spawn(process.execPath, ['-e', BURN], { stdio: 'ignore' });
    net = new WitnessedNet(clock, thisMachine());
    store = new MemoryMetricStore();
    startMs = Math.floor(clock.realtimeMs());
    const spool = await Spool.open({ disk: new MemoryDisk(), clock, log: SILENT_LOG });
    const outbox = new Outbox({ store, spool, clock, log: SILENT_LOG });
    const target = serverTarget(
      net,
      {
        id: s('s1'),
        metrics: { source: 'prometheus', url: exporter.url, mapping: 'node_exporter' },
        capacity: {},
      },
      // Rates over up to 3.5 s, whatever else the machine does.
      { everyMs: 1000, pageBytesMax: 8 << 20, absurdFactor: 20, resourcesMax: 10 },
    );
    collector = new Collector(
      { clock, rng: new SeededRng(1), log: SILENT_LOG, outbox, targets: () => [target] },
      { everyMs: EVERY_MS, timeoutMs: 10_000 },
    );
    await collector.start();
  });

  afterEach(async () => {
    burner.kill('SIGKILL');
    await collector.stop();
    await exporter.stop();
  });

  /** What is in the store, each with the number of its poll. Polls are much longer apart than a step is long. */
  async function stored(
    metric: Dimension,
  ): Promise<{ readonly poll: number; readonly value: number }[]> {
    const stepMs = 50;
    const steps = Math.ceil((clock.realtimeMs() - startMs) / stepMs);
    const series = [{ subject: 'server', id: s('s1'), metric } as const];
    const { values } = await store.readPanel({ series, startMs, stepMs, steps });
    return [...values].flatMap((value, step) => {
      const endMs = startMs + (step + 1) * stepMs;
      const poll = net.witnessed.findLastIndex(({ atMs }) => atMs < endMs + stepMs);
      return Number.isNaN(value) ? [] : [{ poll, value }];
    });
  }

  const status = () => collector.status().targets[0];

  itWith(NodeExporter.program)(
    'is read as the kernel has it: cores, used memory, bytes a second without loopback',
    async () => {
      const stopTraffic = await loopbackTraffic();
      await until('ten rates', async () => (await stored('cpu')).length >= 10);
      stopTraffic();
      await collector.stop();
      expect(status()).toMatchObject({ failures: 0, fault: null });

      /** Growth by what is stored, and by what the kernel said at the same polls. */
      const grown = async (metric: Dimension, kernel: (proc: Proc) => number) => {
        const sums = { stored: 0, kernel: 0, seconds: 0 };
        for (const { poll, value } of await stored(metric)) {
          const [before, after] = [net.witnessed[poll - 1], net.witnessed[poll]];
          if (before === undefined || after === undefined) throw new Error('not witnessed');
          const seconds = (after.atMs - before.atMs) / 1000;
          sums.stored += value * seconds;
          sums.kernel += kernel(after) - kernel(before);
          sums.seconds += seconds;
        }
        return sums;
      };
      const cpu = await grown('cpu', ({ busy }) => busy);
      expect(cpu.seconds).toBeGreaterThan(3);
      expect(cpu.kernel / cpu.seconds).toBeGreaterThan(0.5);
      expect(Math.abs(cpu.stored - cpu.kernel)).toBeLessThan(0.1 * cpu.kernel);

      const network = await grown('network', (proc) => proc.network);
      const { kernel: loopback } = await grown('network', (proc) => proc.loopback);
      expect(loopback).toBeGreaterThan(1e6);
      expect(Math.abs(network.stored - network.kernel)).toBeLessThan(0.1 * loopback);

      for (const { poll, value } of await stored('memory')) {
        const { memoryUsed = NaN, memoryTotal = NaN } = net.witnessed[poll] ?? {};
        expect(Math.abs(value - memoryUsed)).toBeLessThan(0.05 * memoryTotal);
      }
    },
  );

  itWith(NodeExporter.program)(
    'leaves a gap while it is down, and is read again once it is back',
    async () => {
      await until('two rates', async () => (await stored('cpu')).length >= 2);
      await exporter.stop();
      await until('it is missed', () => status()?.fault?.code === 'ERR_CALL_REFUSED');
      const before = await stored('memory');
      const endMs = clock.monotonicMs() + 4000;
      await until('polls missed for 4 s', () => clock.monotonicMs() > endMs);
      expect(status()?.failuresInRow).toBeGreaterThan(2);
      expect(await stored('memory')).toEqual(before);
      exporter = await NodeExporter.start(exporter.port);
      await until('it is read again', () => status()?.fault === null);
      const { length } = await stored('cpu');
      await until('rates again', async () => (await stored('cpu')).length >= length + 2);
      const cpu = await stored('cpu');
      expect(cpu.every(({ value }) => value > 0.1 && value < 1024)).toBe(true);
      const dropped = [...(status()?.dropped ?? [])].map(([what]) => what);
      expect(dropped).toEqual(expect.arrayContaining(['cpu gap', 'network gap']));
    },
  );
});

/** Bytes over loopback, as fast as they go, until it is stopped. */
async function loopbackTraffic(): Promise<() => void> {
  const server = createServer((socket) => {
    socket.resume();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
  const block = Buffer.alloc(64 << 10);
  const timer = setInterval(() => client.write(block), 5);
  return () => {
    clearInterval(timer);
    client.destroy();
    server.close();
  };
}
