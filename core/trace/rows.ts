import type { ResourceId } from '../domain.js';
import { DIMENSIONS } from '../domain.js';

/** Distinct spacings that are counted; a regular trace has a few. */
const SPACINGS_MAX = 1024;

/** The rows of one resource as they came, in buffers that grow by doubling. */
export class ResourceRows {
  readonly resource: ResourceId;
  /** Of the first row; the others follow line by line. */
  readonly line: number;
  #timesMs = new Float64Array(64);
  /** Row-major, one column a dimension. */
  #values = new Float32Array(64 * DIMENSIONS.length);
  #count = 0;

  constructor(resource: ResourceId, line: number) {
    this.resource = resource;
    this.line = line;
  }

  get count(): number {
    return this.#count;
  }

  get firstMs(): number {
    return this.timeMs(0);
  }

  get lastMs(): number {
    return this.timeMs(this.#count - 1);
  }

  timeMs(row: number): number {
    return this.#timesMs[row] ?? NaN;
  }

  value(row: number, column: number): number {
    return this.#values[row * DIMENSIONS.length + column] ?? NaN;
  }

  add(timeMs: number, values: readonly number[]): void {
    if (this.#count === this.#timesMs.length) this.#grow();
    this.#timesMs[this.#count] = timeMs;
    this.#values.set(values, this.#count * DIMENSIONS.length);
    this.#count++;
  }

  #grow(): void {
    const timesMs = new Float64Array(2 * this.#timesMs.length);
    timesMs.set(this.#timesMs);
    this.#timesMs = timesMs;
    const values = new Float32Array(2 * this.#values.length);
    values.set(this.#values);
    this.#values = values;
  }
}

/** Counts the time from one row to the next: the commonest is the step of the trace. */
export class Spacings {
  readonly #counts = new Map<number, number>();

  add(ms: number): void {
    const count = this.#counts.get(ms);
    if (count === undefined && this.#counts.size === SPACINGS_MAX) return;
    this.#counts.set(ms, (count ?? 0) + 1);
  }

  /** Undefined if no resource has two rows; of equally common ones the shortest. */
  commonestMs(): number | undefined {
    let best: number | undefined;
    let most = 0;
    for (const [ms, count] of this.#counts) {
      if (count > most || (count === most && ms < (best ?? Infinity))) {
        best = ms;
        most = count;
      }
    }
    return best;
  }
}
