import type { WorkerSettings } from '../../cli/services/worker-threads.js';
import { WorkerThreads } from '../../cli/services/worker-threads.js';
import type { SystemClock } from '../../core/clock/system.js';
import { configSchema } from '../../core/config/schema.js';
import type { DrainPolicy, Sharing } from '../../core/domain.js';
import type { Log } from '../../core/log.js';
import type { TcpListener } from '../../redirector/adapters/tcp/tcp-adapter.js';
import type { RedirectorWorkersParts } from '../../redirector/redirector.js';
import type { Told, WorkerThread } from '../../redirector/workers/messages.js';
import { workersLimits } from '../../redirector/workers/worker-pool.js';
import { Workers } from '../../redirector/workers/workers.js';

const NONSENSE = { tell: 'table' } as unknown as Told<WorkerSettings>;

/** What a cluster of tests gives its redirectors, as far as their threads have to know it. */
export interface WorkersOf {
  readonly boot: string;
  readonly threads: number;
  readonly sharing: Readonly<Record<string, Sharing>>;
  readonly drain: DrainPolicy;
  readonly tcp: readonly TcpListener[];
  readonly log: Log;
  readonly holdTimeoutMs: number | undefined;
  readonly drainTimeoutMs: number;
}

/** Threads that a test may end, as a fault would. */
export class CrashableThreads extends WorkerThreads {
  readonly #clock: SystemClock;
  readonly #living = new Set<WorkerThread<WorkerSettings>>();

  constructor(clock: SystemClock) {
    super(clock);
    this.#clock = clock;
  }

  override begin(
    ...[birth, said, ended]: Parameters<WorkerThreads['begin']>
  ): WorkerThread<WorkerSettings> {
    const thread = super.begin(birth, said, (why) => {
      this.#living.delete(thread);
      ended(why);
    });
    this.#living.add(thread);
    return thread;
  }

  /** One is ended, the next runs into a fault that it does not catch, and so on. */
  crash(): void {
    for (const [at, thread] of [...this.#living].entries()) {
      if (at % 2 === 0) thread.end();
      else thread.tell(NONSENSE);
    }
  }

  /** What a redirector makes its workers of: as it is built here itself, but by a config. */
  partsFor(of: WorkersOf): RedirectorWorkersParts {
    const limits = workersLimits(of.threads);
    const policies = Object.entries(of.sharing).map(([match, shared]) => ({ match, shared }));
    const tcpListeners = of.tcp.flatMap(({ route }) =>
      route.by === 'listener'
        ? [{ listen: '127.0.0.1:0', protocol: 'tcp', route: { resource: route.resource } }]
        : [],
    );
    const config = configSchema.parse({
      log: { level: 'error' },
      listeners: [{ listen: '127.0.0.1:0' }, ...tcpListeners],
      resources: { drain: of.drain, policies },
      redirector: {
        ...{ workers: of.threads, holdTimeoutMs: of.holdTimeoutMs, slowStartMs: 0 },
        drainTimeoutMs: of.drainTimeoutMs,
      },
      limits: { outboundNetworks: ['127.0.0.0/8'] },
    });
    const files = { security: { listeners: [], links: [] }, errorPages: new Map() };
    const settings = { config, files, folder: '.', boot: of.boot };
    const parts = { host: this, clock: this.#clock, log: of.log, limits, settings: () => settings };
    return {
      limits,
      make: (home) => new Workers(parts, home, { resourcesMax: config.limits.resourcesMax }),
    };
  }
}
