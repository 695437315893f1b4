import type { Clock } from '../../core/clock/port.js';
import type { MetricStore } from '../../core/metric-store/port.js';

/** A store that is empty, and what it was told to keep for how long. */
export interface MetricStoreWorld {
  readonly store: MetricStore;
  /** The store's own; it may be past `nowMs`. */
  readonly clock: Clock;
  /** The beginning of a day; a real engine judges retention by the real one. */
  readonly nowMs: number;
  readonly rawRetentionMs: number;
  readonly rollupMs: number;
  readonly rollupRetentionMs: number;
  readonly forecastRetentionMs: number;
  /** The same data opened again after its store was closed. */
  readonly reopen?: () => Promise<MetricStore>;
  readonly dispose?: () => Promise<void>;
}

/** The store of the test that runs, in a world of its own. */
export class HeldStore {
  #world: MetricStoreWorld | undefined;
  #store: MetricStore | undefined;

  open(world: MetricStoreWorld): void {
    this.#world = world;
    this.#store = world.store;
  }

  get world(): MetricStoreWorld {
    if (this.#world === undefined) throw new Error('no test has begun');
    return this.#world;
  }

  get store(): MetricStore {
    return this.#store ?? this.world.store;
  }

  get nowMs(): number {
    return this.world.nowMs;
  }

  async reopen(): Promise<void> {
    const { reopen } = this.world;
    if (reopen === undefined) throw new Error('leave this test out');
    await this.store.close();
    this.#store = await reopen();
  }

  async close(): Promise<void> {
    await this.store.close();
    await this.world.dispose?.();
  }
}
