import type { Clock } from '../../core/clock/port.js';
import { ForeshiftError } from '../../core/errors.js';
import type { Rng } from '../../core/rng.js';
import { between, chance } from '../../core/rng.js';
import { MemoryTableStore } from '../../core/table-store/memory.js';
import type {
  Changes,
  Revision,
  TableStore,
  Transaction,
  TransactResult,
} from '../../core/table-store/port.js';
import type { SimProcess } from './process.js';

export type OnTransact = (
  process: SimProcess,
  transaction: Transaction,
  result: TransactResult,
  sentAtMs: number,
) => void;

/** The one table store of a simulated cluster, and how well it is. */
export class SimStore {
  readonly clock: Clock;
  readonly rng: Rng;
  readonly onTransact: OnTransact;
  readonly onRead: (process: SimProcess, sentAtMs: number) => void;
  /** Every call fails. */
  isDown = false;
  /** Processes that do not reach it. */
  readonly cutOff = new Set<string>();
  /** Added to the way of every call, there and back. */
  delayMs = 0;
  /** Of a call: its answer is lost; or the call itself; or it arrives when nobody waits for it any more. */
  lostAnswerProbability = 0;
  lostCallProbability = 0;
  lateCallProbability = 0;
  #store = new MemoryTableStore('store-1');
  #stores = 1;
  #backup: Changes | undefined;
  readonly #watchers = new Set<() => void>();

  constructor(parts: Pick<SimStore, 'clock' | 'rng' | 'onTransact' | 'onRead'>) {
    this.clock = parts.clock;
    this.rng = parts.rng;
    this.onTransact = parts.onTransact;
    this.onRead = parts.onRead;
    this.#follow();
  }

  /** It is not what it was at first: once is disaster enough, nobody can tell two lost histories apart. */
  get isPutBack(): boolean {
    return this.#stores > 1;
  }

  get engine(): MemoryTableStore {
    return this.#store;
  }

  watch(notify: () => void): () => void {
    this.#watchers.add(notify);
    return () => this.#watchers.delete(notify);
  }

  async backUp(): Promise<void> {
    this.#backup = await this.#store.read(0);
  }

  /** What the last backup holds is all there is; without one, nothing. Returns that. */
  putBack(): Changes | undefined {
    this.#stores += 1;
    this.#store = new MemoryTableStore(`store-${this.#stores}`, this.#backup);
    this.#follow();
    for (const notify of this.#watchers) notify();
    return this.#backup;
  }

  forgetBackup(): void {
    this.#backup = undefined;
  }

  #follow(): void {
    this.#store.watch(() => {
      for (const notify of this.#watchers) notify();
    });
  }
}

const TIMEOUT_MS = 150;

/** The store as one process sees it: over a network that delays, loses and cuts off. */
export class FaultyStore implements TableStore {
  readonly #world: SimStore;
  readonly #process: SimProcess;

  constructor(world: SimStore, process: SimProcess) {
    this.#world = world;
    this.#process = process;
  }

  async read(after: Revision): Promise<Changes> {
    const sentAtMs = this.#world.clock.monotonicMs();
    const changes = await this.#process.seen(this.#call(() => this.#world.engine.read(after)));
    this.#world.onRead(this.#process, sentAtMs);
    return changes;
  }

  transact(transaction: Transaction): Promise<TransactResult> {
    const { clock, onTransact } = this.#world;
    const sentAtMs = clock.monotonicMs();
    const work = async (): Promise<TransactResult> => {
      const result = await this.#world.engine.transact(transaction);
      onTransact(this.#process, transaction, result, sentAtMs);
      return result;
    };
    return this.#process.seen(this.#call(work));
  }

  watch(notify: () => void): () => void {
    const { clock, rng, cutOff } = this.#world;
    return this.#world.watch(() => {
      clock.after(between(rng, 0.1, 3), () => {
        if (this.#world.isDown || cutOff.has(this.#process.name)) return;
        this.#process.run(notify);
      });
    });
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  async #call<T>(work: () => Promise<T>): Promise<T> {
    const world = this.#world;
    const { engine } = world;
    const endMs = world.clock.monotonicMs() + TIMEOUT_MS;
    await this.#travel();
    if (world.isDown)
      throw new ForeshiftError('ERR_STORE_UNAVAILABLE', { store: 'simulated store' });
    if (this.#isLost(world.lostCallProbability)) return this.#timeOut(endMs);
    if (chance(world.rng, world.lateCallProbability)) {
      void this.#arriveLate(engine, work);
      return this.#timeOut(endMs);
    }
    // Its connection has ended with the store that it was sent to: another that took its place does not hear of it.
    if (world.engine !== engine) return this.#timeOut(endMs);
    const result = await work();
    await this.#travel();
    const isInTime = world.clock.monotonicMs() <= endMs;
    if (this.#isLost(world.lostAnswerProbability) || !isInTime) return this.#timeOut(endMs);
    return result;
  }

  #travel(): Promise<void> {
    const { clock, rng, delayMs } = this.#world;
    return clock.sleep(between(rng, 0.1, 2) + delayMs);
  }

  #isLost(probability: number): boolean {
    return chance(this.#world.rng, probability) || this.#world.cutOff.has(this.#process.name);
  }

  async #arriveLate(engine: MemoryTableStore, work: () => Promise<unknown>): Promise<void> {
    const { clock, rng } = this.#world;
    await clock.sleep(between(rng, 0, 3 * TIMEOUT_MS));
    if (!this.#world.isDown && this.#world.engine === engine) await work();
  }

  async #timeOut(endMs: number): Promise<never> {
    const { clock } = this.#world;
    await clock.sleep(Math.max(0, endMs - clock.monotonicMs()));
    throw new ForeshiftError('ERR_STORE_AMBIGUOUS', { store: 'simulated store' });
  }
}
