import { namedFilesOf } from '../cli/services/named-files.js';
import { adaptersOf, policiesOf, trafficOptionsOf } from '../cli/services/redirector.js';
import type { WorkerSettings } from '../cli/services/worker-threads.js';
import { WorkerThreads } from '../cli/services/worker-threads.js';
import { SystemClock } from '../core/clock/system.js';
import { configSchema } from '../core/config/schema.js';
import { SILENT_LOG } from '../core/log.js';
import { NodeNet } from '../core/net/node.js';
import { SeededRng } from '../core/rng.js';
import { SERVER } from '../core/table-store/records/server.js';
import type { ServerRecord } from '../core/table-store/records/server.js';
import type { SwitchBatch } from '../redirector/data-plane.js';
import { Traffic } from '../redirector/traffic.js';
import { RecordsMirror } from '../redirector/workers/records-mirror.js';
import { workersLimits } from '../redirector/workers/worker-pool.js';
import { Workers } from '../redirector/workers/workers.js';
import { thisMachine } from '../demo/this-machine.js';
import type { Moved, Split } from './dataplane-messages.js';
import { BenchTable } from './dataplane-table.js';

export interface ThreadedOptions {
  readonly backends: readonly number[];
  readonly resources: number;
  readonly threads: number;
}

/** The data plane of a redirector on its threads, as a config has it, in a process of its own; no control plane beside it. */
export class ThreadedDataPlane {
  readonly #clock = new SystemClock();
  readonly #traffic: Traffic;
  readonly #workers: Workers<WorkerSettings>;
  readonly #table: BenchTable;

  constructor({ backends, resources, threads }: ThreadedOptions) {
    const clock = this.#clock;
    const config = configSchema.parse({
      log: { level: 'error' },
      listeners: [{ listen: '127.0.0.1:0' }],
      redirector: { workers: threads },
      limits: { outboundNetworks: ['127.0.0.0/8'], resourcesMax: Math.max(resources, 1) },
    });
    const files = { security: { listeners: [], links: [] }, errorPages: new Map() };
    const settings = { config, files, folder: '.', boot: 'bench' };
    const view = new RecordsMirror();
    view.put(backends.map((port, at) => [SERVER.prefix, `s${at}`, recordOf(port)]));
    const limits = workersLimits(threads);
    const named = namedFilesOf(config, files);
    const suspect = (): void => undefined;
    this.#traffic = new Traffic(
      {
        ...{ view, clock, suspect, rng: new SeededRng(1), log: SILENT_LOG, boot: 'bench' },
        net: new NodeNet(clock, thisMachine()),
        policyOf: policiesOf(config),
        adapters: (parts) => adaptersOf(config, named, parts),
        sessions: undefined,
        misdirected: () => undefined,
        isReachable: () => true,
        // As a redirector: one thread counts nowhere but with itself.
        beside: threads > 1 ? limits.shared.of(0) : undefined,
      },
      trafficOptionsOf(config),
    );
    const host = new WorkerThreads(clock);
    this.#workers = new Workers(
      { host, clock, limits, log: SILENT_LOG, settings: () => settings },
      { view, suspect, traffic: this.#traffic, unreachable: () => [] },
      { resourcesMax: config.limits.resourcesMax },
    );
    this.#table = new BenchTable(clock, resources);
    this.#workers.apply(this.#table.table);
    this.#workers.setLease(Infinity);
  }

  async start(): Promise<number> {
    const { adapters } = this.#traffic;
    for (const adapter of adapters) await adapter.start();
    await this.#workers.pool.start();
    return adapters[0]?.addresses[0]?.port ?? 0;
  }

  /** Requests so far, of the main thread and of the others. */
  split(): Split {
    const hitsOf = (counters: readonly { readonly hits: number }[]): number =>
      counters.reduce((sum, { hits }) => sum + hits, 0);
    const main = hitsOf(this.#traffic.gate.counters());
    return { main, others: hitsOf(this.#workers.counters()) - main };
  }

  /** The last `count` resources of the table from their server to the other one: hold, drain, flip, resume. */
  async move(count: number): Promise<Moved> {
    const clock = this.#clock;
    const resources = this.#table.last(count);
    const { table, source, target, makingMs } = this.#table.next(resources);
    const moves = resources.map((resource) => ({ resource, source, target }));
    const batch: SwitchBatch = { generation: table.generation, moves, lost: [] };
    let workMs = 0;
    /** What of it is done in this turn. */
    const timed = <Result>(work: () => Result): Result => {
      const fromMs = clock.monotonicMs();
      const result = work();
      workMs += clock.monotonicMs() - fromMs;
      return result;
    };
    const startedMs = clock.monotonicMs();
    await timed(() => this.#workers.hold(batch));
    await timed(() => this.#workers.drain(batch, new AbortController().signal));
    const drainedMs = clock.monotonicMs();
    timed(() => {
      this.#workers.apply(table);
    });
    await timed(() => this.#workers.resume(batch, true));
    const resumedMs = clock.monotonicMs();
    return {
      ...{ workMs, makingMs },
      wholeMs: resumedMs - startedMs,
      beyondMs: resumedMs - drainedMs,
    };
  }
}

function recordOf(port: number): Pick<ServerRecord, 'address' | 'fence' | 'control'> {
  return { address: { host: '127.0.0.1', port }, fence: 'none', control: null };
}
