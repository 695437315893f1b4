import type { Clock } from '../../core/clock/port.js';
import { ForeshiftError } from '../../core/errors.js';
import type { Rng } from '../../core/rng.js';
import { between, chance } from '../../core/rng.js';
import type { MemoryTableStore } from '../../core/table-store/memory.js';
import type {
  Changes,
  Revision,
  TableStore,
  Transaction,
  TransactResult,
} from '../../core/table-store/port.js';
import type { SimProcess } from './process.js';

/** The one store of a simulated cluster, and how well it is. */
export interface StoreWorld {
  readonly store: MemoryTableStore;
  readonly clock: Clock;
  readonly rng: Rng;
  /** Every call fails. */
  isDown: boolean;
  /** Processes that do not reach it. */
  readonly cutOff: Set<string>;
  /** Of a call: its answer is lost; or the call itself. */
  lostAnswerProbability: number;
  lostCallProbability: number;
  readonly onTransact: (
    process: SimProcess,
    transaction: Transaction,
    result: TransactResult,
    sentAtMs: number,
  ) => void;
}

const TIMEOUT_MS = 150;

/** The store as one process sees it: over a network that delays, loses and cuts off. */
export class FaultyStore implements TableStore {
  readonly #world: StoreWorld;
  readonly #process: SimProcess;

  constructor(world: StoreWorld, process: SimProcess) {
    this.#world = world;
    this.#process = process;
  }

  read(after: Revision): Promise<Changes> {
    return this.#process.seen(this.#call(() => this.#world.store.read(after)));
  }

  transact(transaction: Transaction): Promise<TransactResult> {
    const { store, clock, onTransact } = this.#world;
    const sentAtMs = clock.monotonicMs();
    const work = async (): Promise<TransactResult> => {
      const result = await store.transact(transaction);
      onTransact(this.#process, transaction, result, sentAtMs);
      return result;
    };
    return this.#process.seen(this.#call(work));
  }

  watch(notify: () => void): () => void {
    const { store, clock, rng, cutOff } = this.#world;
    return store.watch(() => {
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
    await world.clock.sleep(between(world.rng, 0.1, 2));
    if (world.isDown)
      throw new ForeshiftError('ERR_STORE_UNAVAILABLE', { store: 'simulated store' });
    const isLost = chance(world.rng, world.lostCallProbability);
    if (isLost || world.cutOff.has(this.#process.name)) return this.#timeOut();
    const result = await work();
    await world.clock.sleep(between(world.rng, 0.1, 2));
    const isAnswerLost = chance(world.rng, world.lostAnswerProbability);
    if (isAnswerLost || world.cutOff.has(this.#process.name)) return this.#timeOut();
    return result;
  }

  async #timeOut(): Promise<never> {
    await this.#world.clock.sleep(TIMEOUT_MS);
    throw new ForeshiftError('ERR_STORE_AMBIGUOUS', { store: 'simulated store' });
  }
}
