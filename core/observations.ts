import { strict as assert } from 'node:assert';

/** How values lie, in buckets: counted where they arise, read when somebody asks (core/metrics.ts). */
export class Observations {
  /** Upper ends of the buckets, ascending, in the unit of the values. */
  readonly bounds: readonly number[];
  /** By bucket; the last is of what is above all bounds. */
  readonly #counts: number[];
  #sum = 0;

  constructor(bounds: readonly number[]) {
    assert.ok(
      bounds.every((bound, at) => at === 0 || bound > (bounds[at - 1] ?? NaN)),
      'bounds ascend',
    );
    this.bounds = bounds;
    this.#counts = new Array<number>(bounds.length + 1).fill(0);
  }

  get sum(): number {
    return this.#sum;
  }

  get count(): number {
    return this.#counts.reduce((total, count) => total + count, 0);
  }

  observe(value: number): void {
    const found = this.bounds.findIndex((bound) => value <= bound);
    const at = found < 0 ? this.bounds.length : found;
    this.#counts[at] = (this.#counts[at] ?? 0) + 1;
    this.#sum += value;
  }

  /** How many values were at most so large, for each bound and for none. */
  cumulative(): (readonly [bound: number | '+Inf', count: number])[] {
    let total = 0;
    return this.#counts.map((count, at) => {
      total += count;
      return [this.bounds[at] ?? '+Inf', total];
    });
  }
}
