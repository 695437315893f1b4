import type { Clock } from '../../core/clock/port.js';
import type { DrainPolicy, ResourceId } from '../../core/domain.js';
import type { ProtocolAdapter } from '../../redirector/adapters/adapter.js';
import { PlainTransfer } from '../../redirector/adapters/transfer.js';
import { WorkUnderWay } from '../../redirector/adapters/under-way.js';
import type { Gate } from '../../redirector/gate.js';
import { SILENT_LOG } from '../../core/log.js';
import { SimulatedNet } from '../../core/net/simulated.js';
import { SimulatedClock } from '../../core/clock/simulated.js';
import { SeededRng } from '../../core/rng.js';
import { RecordsMirror } from '../../redirector/workers/records-mirror.js';
import type { TrafficParts } from '../../redirector/traffic.js';
import { Traffic } from '../../redirector/traffic.js';
import { HttpCounters } from '../../redirector/adapters/http/counters.js';
import { TcpCounters } from '../../redirector/adapters/tcp/counters.js';
import { SharedLimits, countsIn } from '../../redirector/workers/memory.js';
import type {
  Said,
  Told,
  WorkerBirth,
  WorkerHost,
  WorkerThread,
} from '../../redirector/workers/messages.js';
import { WorkerPlane } from '../../redirector/workers/worker-plane.js';
import type { WorkersOptions } from '../../redirector/workers/worker-pool.js';
import { workersLimits } from '../../redirector/workers/worker-pool.js';
import { Workers } from '../../redirector/workers/workers.js';

/* Workers that are no threads: the real code of both sides on one simulated clock, with messages that take a while. */

const MESSAGE_MS = 1;
const RESOURCES_MAX = 100;

/** What the config says, here. */
export interface PairSettings {
  readonly name: string;
}

/** A worker as a test has it in its hands. */
export class PairedWorker {
  readonly plane: WorkerPlane<PairSettings>;
  readonly birth: WorkerBirth<PairSettings>;
  /** It is there, and does nothing. */
  isFrozen = false;
  /** What it was told and asked, in order. */
  readonly heard: string[] = [];
  readonly settings: PairSettings[] = [];
  /** Whether it takes other settings. */
  failsToReconfigure = false;
  readonly #over = new AbortController();
  readonly #clock: Clock;
  readonly #ended: (why: string) => void;
  #isOver = false;

  constructor(
    clock: Clock,
    birth: WorkerBirth<PairSettings>,
    said: (message: Said) => void,
    ended: (why: string) => void,
  ) {
    this.#clock = clock;
    this.#ended = ended;
    this.birth = birth;
    this.settings.push(birth.settings);
    const limits = new SharedLimits(birth.limits, birth.threads);
    this.plane = new WorkerPlane({
      clock,
      say: (message) => {
        const copy = structuredClone(message);
        this.#later(() => {
          said(copy);
        });
      },
      traffic: (ears) =>
        new Traffic(
          trafficParts(clock, {
            ...ears,
            beside: { ...limits.of(birth.thread), counts: countsIn(birth.counts) },
          }),
          TRAFFIC_OPTIONS,
        ),
      share: () => undefined,
      reconfigure: (settings) => {
        if (this.failsToReconfigure) return Promise.reject(new Error('no'));
        this.settings.push(settings);
        return Promise.resolve();
      },
      stats: () => ({
        http: new HttpCounters(),
        tcp: new TcpCounters(),
        accessLog: { written: 0, dropped: 0 },
        atWork: { servers: new Map(), ejections: 0, spared: 0 },
      }),
      finish: () => Promise.resolve(),
    });
    this.#later(() => void this.plane.run(this.#over.signal));
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  hear(message: Told<PairSettings>): void {
    const copy = structuredClone(message);
    this.#later(() => {
      this.heard.push(copy.tell === 'ask' ? copy.ask.what : copy.tell);
      this.plane.hear(copy);
    });
  }

  die(why = 'killed'): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#over.abort(new Error(why));
    this.#clock.after(MESSAGE_MS, () => {
      this.#ended(why);
    });
  }

  /** In its order; not when it is frozen or over by then. */
  #later(run: () => void): void {
    this.#clock.after(MESSAGE_MS, () => {
      if (!this.#isOver && !this.isFrozen) run();
    });
  }
}

const TRAFFIC_OPTIONS = {
  gate: { resourcesMax: RESOURCES_MAX },
  atWork: { outliers: {}, slowStartMs: 0 },
  drainTimeoutMs: 1000,
};

function trafficParts(clock: Clock, parts: Partial<TrafficParts>): TrafficParts {
  return {
    view: new RecordsMirror(),
    clock,
    rng: new SeededRng(1),
    net: new SimulatedNet(new SimulatedClock(), new SeededRng(1)).host('proxy'),
    log: SILENT_LOG,
    boot: 'test',
    policyOf: (resource) => ({
      onLostSource: resource.startsWith('strict') ? 'consistency' : 'availability',
      drain: 'abort',
    }),
    adapters: ({ gate, drainPolicyOf }) => [silentAdapter(gate, drainPolicyOf)],
    sessions: undefined,
    suspect: () => undefined,
    misdirected: () => undefined,
    isReachable: () => true,
    ...parts,
  };
}

/** Listens nowhere: work is what a test enters. */
function silentAdapter(
  gate: Gate,
  drainPolicyOf: (resource: ResourceId) => DrainPolicy,
): ProtocolAdapter {
  const underWay = new WorkUnderWay();
  const reach = () => Promise.resolve(undefined);
  return {
    protocol: 'none',
    addresses: [],
    start: () => Promise.resolve(),
    leave: () => undefined,
    stop: () => Promise.resolve(),
    vacate: () => Promise.resolve(),
    transfer: (move) => new PlainTransfer(move, { gate, underWay, drainPolicyOf, reach }, 5000),
  };
}

/** Its time can pass while nothing runs. */
class PausableClock extends SimulatedClock {
  #awayMs = 0;

  override monotonicMs(): number {
    return super.monotonicMs() + this.#awayMs;
  }

  stall(ms: number): void {
    this.#awayMs += ms;
  }
}

/** A main thread and its workers. */
export class WorkerPairs {
  readonly clock = new PausableClock();
  readonly view = new RecordsMirror();
  readonly began: PairedWorker[] = [];
  readonly suspected: string[] = [];
  readonly traffic: Traffic;
  readonly workers: Workers<PairSettings>;
  readonly #stopping = new AbortController();
  settings: PairSettings = { name: 'first' };
  /** What is done to each that begins. */
  onBegin: (worker: PairedWorker) => void = () => undefined;

  constructor(threads: number, options: Partial<WorkersOptions> = {}) {
    const limits = workersLimits(threads);
    const host: WorkerHost<PairSettings> = {
      begin: (birth, said, ended): WorkerThread<PairSettings> => {
        const worker = new PairedWorker(this.clock, birth, said, ended);
        this.began.push(worker);
        this.onBegin(worker);
        return {
          tell: (message) => {
            worker.hear(message);
          },
          end: () => {
            worker.die('ended');
          },
        };
      },
    };
    this.traffic = new Traffic(
      trafficParts(this.clock, { view: this.view, beside: limits.shared.of(0) }),
      TRAFFIC_OPTIONS,
    );
    this.workers = new Workers(
      { host, clock: this.clock, log: SILENT_LOG, limits, settings: () => this.settings },
      {
        ...{ view: this.view, traffic: this.traffic },
        unreachable: () => [],
        suspect: (server) => this.suspected.push(server),
      },
      { resourcesMax: RESOURCES_MAX, ...options },
    );
  }

  /** Those that live. */
  get live(): PairedWorker[] {
    return this.began.filter(({ isOver }) => !isOver);
  }

  async start(): Promise<void> {
    const started = this.workers.pool.start();
    void this.workers.run(this.#stopping.signal);
    await this.clock.advance(50);
    await started;
  }

  stop(): void {
    this.#stopping.abort(new Error('over'));
  }
}
