import type { SeriesKey } from '../core/sample.js';
import { formatSeries } from '../core/sample.js';
import type { BlendState } from '../models/blend-state.js';

/** Where what is known of a series is kept, and since when. Steps are numbered from the epoch on. */
export interface KnownSeries {
  readonly key: SeriesKey;
  readonly block: number;
  readonly slot: number;
  /** Of the first sample, and of the last one. */
  firstStep: number;
  lastStep: number;
  /** Names of the models behind its median, once asked for; undefined after it was learnt anew. */
  models?: string | undefined;
  /** Share of its errors that is common to all of its metric. */
  loading: number;
}

/** Series a block of state. */
export const BLOCK_SERIES = 64;

/** Gives each series a slot in a block of state, and takes it back when the series is forgotten. */
export class SeriesDirectory {
  readonly #makeBlock: () => BlendState;
  readonly #blocks: BlendState[] = [];
  readonly #byName = new Map<string, KnownSeries>();
  readonly #free: { readonly block: number; readonly slot: number }[] = [];

  constructor(makeBlock: () => BlendState) {
    this.#makeBlock = makeBlock;
  }

  get blocks(): readonly BlendState[] {
    return this.#blocks;
  }

  all(): IterableIterator<KnownSeries> {
    return this.#byName.values();
  }

  get size(): number {
    return this.#byName.size;
  }

  find(key: SeriesKey): KnownSeries | undefined {
    return this.#byName.get(formatSeries(key));
  }

  add(key: SeriesKey, step: number): KnownSeries {
    if (this.#free.length === 0) this.#addBlock();
    const { block, slot } = this.#free.pop() ?? unreachable();
    const known = { key, block, slot, firstStep: step, lastStep: step, loading: 0 };
    this.#byName.set(formatSeries(key), known);
    return known;
  }

  remove({ key, block, slot }: KnownSeries): void {
    this.stateOf({ block }).clear(slot);
    this.#byName.delete(formatSeries(key));
    this.#free.push({ block, slot });
  }

  stateOf({ block }: Pick<KnownSeries, 'block'>): BlendState {
    return this.#blocks[block] ?? unreachable();
  }

  /** Begins with these, as they were saved; blocks are empty still. */
  restore(series: readonly KnownSeries[], blocks: number): void {
    while (this.#blocks.length < blocks) this.#addBlock();
    const taken = new Set(series.map(({ block, slot }) => block * BLOCK_SERIES + slot));
    const free = this.#free.filter(({ block, slot }) => !taken.has(block * BLOCK_SERIES + slot));
    this.#free.splice(0, this.#free.length, ...free);
    for (const known of series) this.#byName.set(formatSeries(known.key), known);
  }

  #addBlock(): void {
    const block = this.#blocks.push(this.#makeBlock()) - 1;
    for (let slot = BLOCK_SERIES - 1; slot >= 0; slot--) this.#free.push({ block, slot });
  }
}

function unreachable(): never {
  throw new Error('a series has a block and a slot');
}
