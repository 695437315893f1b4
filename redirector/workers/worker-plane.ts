import { strict as assert } from 'node:assert';
import type { Cancel, Clock } from '../../core/clock/port.js';
import type { ResourceId, ServerId } from '../../core/domain.js';
import { every } from '../../core/every.js';
import type { SharedListener } from '../../core/net/shared-listeners.js';
import type { FollowedRecords } from '../../core/table-store/known-records.js';
import { messageOf } from '../../core/text.js';
import type { Traffic, TrafficParts } from '../traffic.js';
import type { SwitchBatch } from '../data-plane.js';
import type { Asked, Said, StepAsked, Told } from './messages.js';
import { unpackBatch } from './packed-batch.js';
import { unpackTable } from './packed-table.js';
import type { WorkerStats } from './worker-stats.js';
import { RecordsMirror } from './records-mirror.js';

/** What a worker's traffic asks the main thread for, in its place. */
export type WorkerEars = Pick<TrafficParts, 'view' | 'suspect' | 'misdirected' | 'isReachable'>;

export interface WorkerPlaneParts<Settings> {
  readonly clock: Clock;
  readonly say: (message: Said) => void;
  /** Built once. */
  readonly traffic: (ears: WorkerEars) => Traffic;
  /** From now on what listens is opened by way of these. */
  readonly share: (shared: readonly SharedListener[]) => void;
  /** Listeners and options as the settings have them. */
  readonly reconfigure: (settings: Settings, traffic: Traffic) => Promise<void>;
  readonly stats: (plane: Pick<WorkerPlane<Settings>, 'traffic' | 'view'>) => WorkerStats;
  /** Nothing is under way any more: what is left to be written is. */
  readonly finish: () => Promise<void>;
}

/** That often it says that it lives. */
const ALIVE_EVERY_MS = 500;
/** What servers do is told so long after the first of it: the rest of it comes along. */
const GATHER_MS = 5;

/**
 * A worker's side: carries traffic as the main thread tells it. It knows no store and no switch; whether a resource may be served
 * without a word from the main thread, it judges by the lease that it was told of, and the clock that both have in common.
 */
export class WorkerPlane<Settings> {
  readonly traffic: Traffic;
  readonly #parts: WorkerPlaneParts<Settings>;
  readonly #records = new RecordsMirror();
  /** Asked, and not answered yet. */
  readonly #asked = new Map<number, AbortController>();
  readonly #suspects = new Set<ServerId>();
  readonly #misdirected = new Map<ResourceId, string>();
  #unreachable: ReadonlySet<ServerId> = new Set();
  #named = 0;
  /** Of the switch. */
  #batch: SwitchBatch | undefined;
  #gathering: Cancel | undefined;

  constructor(parts: WorkerPlaneParts<Settings>) {
    this.#parts = parts;
    this.traffic = parts.traffic({
      view: this.#records,
      isReachable: (server) => !this.#unreachable.has(server),
      suspect: (server) => {
        this.#suspects.add(server);
        this.#gather();
      },
      misdirected: (resource, owner) => {
        this.#misdirected.set(resource, owner);
        this.#gather();
      },
    });
    // Until it is told otherwise.
    this.traffic.gate.setLease(-Infinity);
  }

  /** What it was told of the store. */
  get view(): FollowedRecords {
    return this.#records;
  }

  /** Until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, say } = this.#parts;
    say({ say: 'ready' });
    const atWork = this.traffic.atWork.run(signal);
    await every(clock, { everyMs: ALIVE_EVERY_MS, firstMs: 0, signal }, () => {
      this.#nameAll();
      say({ say: 'alive', stats: this.#parts.stats(this) });
    });
    await atWork;
  }

  hear(told: Told<Settings>): void {
    const { gate, servers, atWork, adapters, dataPlane } = this.traffic;
    switch (told.tell) {
      case 'records':
        this.#records.put(told.records);
        break;
      case 'table':
        this.#records.table = unpackTable(told.table, this.#records.table);
        dataPlane.apply(this.#records.table);
        break;
      case 'batch':
        this.#batch = unpackBatch(told.batch);
        break;
      case 'lease':
        gate.setLease(told.untilMs);
        break;
      case 'unreachable':
        this.#unreachable = new Set(told.servers);
        atWork.look();
        break;
      case 'reachable':
        gate.unstall(told.server);
        break;
      case 'misdirected':
        servers.learn(told.resource, told.owner);
        break;
      case 'leave':
        for (const adapter of adapters) adapter.leave();
        break;
      case 'abort':
        this.#asked.get(told.id)?.abort(new Error('no longer asked for'));
        break;
      case 'ask':
        void this.#answer(told.id, told.ask);
        break;
    }
    this.#nameAll();
  }

  async #answer(id: number, asked: Asked<Settings>): Promise<void> {
    const { say } = this.#parts;
    const over = new AbortController();
    this.#asked.set(id, over);
    try {
      const answer = await this.#bringAbout(asked, over.signal);
      say({ say: 'answer', id, answer });
    } catch (error) {
      say({ say: 'failed', id, why: `${asked.what}: ${messageOf(error)}` });
    } finally {
      this.#asked.delete(id);
    }
  }

  #bringAbout(asked: Asked<Settings>, signal: AbortSignal): unknown {
    const { adapters } = this.traffic;
    switch (asked.what) {
      case 'listen':
        return this.#listen(asked.shared);
      case 'reconfigure':
        this.#parts.share(asked.shared);
        return this.#parts.reconfigure(asked.settings, this.traffic).finally(() => {
          this.#parts.share([]);
        });
      case 'prepare':
      case 'hold':
      case 'drain':
      case 'attach':
      case 'resume':
        return this.#step(asked, signal);
      case 'vacate':
        return Promise.all(adapters.map((each) => each.vacate(asked.ip, asked.how, signal)));
      case 'stop':
        return this.#stop(asked.graceMs);
    }
  }

  #step(asked: StepAsked, signal: AbortSignal): unknown {
    const { dataPlane } = this.traffic;
    const batch = this.#batch;
    assert.ok(batch !== undefined, 'the batch is told before its steps');
    switch (asked.what) {
      case 'prepare':
        return dataPlane.prepare(batch);
      case 'hold':
        return dataPlane.hold(batch);
      case 'drain':
        return dataPlane.drain(batch, signal);
      case 'attach':
        return dataPlane.attach(batch, signal);
      case 'resume':
        return dataPlane.resume(batch, asked.isCommitted);
    }
  }

  async #listen(shared: readonly SharedListener[]): Promise<void> {
    this.#parts.share(shared);
    try {
      for (const adapter of this.traffic.adapters) await adapter.start();
    } finally {
      this.#parts.share([]);
    }
  }

  async #stop(graceMs: number): Promise<void> {
    await Promise.all(this.traffic.adapters.map((adapter) => adapter.stop(graceMs)));
    await this.#parts.finish();
  }

  /** So that what it counts is found by the others, whatever becomes of it. */
  #nameAll(): void {
    const { gate } = this.traffic;
    const from = this.#named;
    if (gate.size === from) return;
    this.#named = gate.size;
    const names = Array.from({ length: gate.size - from }, (_, at) => gate.resourceId(from + at));
    this.#parts.say({ say: 'names', from, names });
  }

  #gather(): void {
    this.#gathering ??= this.#parts.clock.after(GATHER_MS, () => {
      this.#gathering = undefined;
      const { say } = this.#parts;
      if (this.#suspects.size > 0) say({ say: 'suspect', servers: [...this.#suspects] });
      if (this.#misdirected.size > 0) {
        say({ say: 'misdirected', owners: [...this.#misdirected] });
      }
      this.#suspects.clear();
      this.#misdirected.clear();
    });
  }
}
