import { keyOrder } from './key-order.js';

/**
 * Values by time, `width` of them a time; the last ones written for a time count. Made for values that come
 * in order: those that do not are put in their places by the next reader.
 */
export class KeyedLog {
  readonly width: number;
  #times: Float64Array;
  #values: Float32Array;
  #size = 0;
  /** How many, from the first on, are in order and keyed. */
  #settled = 0;

  constructor(width = 1, capacity = 16) {
    this.width = width;
    this.#times = new Float64Array(capacity);
    this.#values = new Float32Array(capacity * width);
  }

  put(timeMs: number, first: number, second = 0, third = 0): void {
    const last = this.#size === 0 ? -Infinity : this.#times[this.#size - 1]!;
    const isInOrder = this.#settled === this.#size && timeMs >= last;
    const at = isInOrder && timeMs === last ? this.#size - 1 : this.#size++;
    if (at === this.#times.length) this.#grow();
    this.#times[at] = timeMs;
    const from = at * this.width;
    this.#values[from] = first;
    if (this.width > 1) this.#values[from + 1] = second;
    if (this.width > 2) this.#values[from + 2] = third;
    if (isInOrder) this.#settled = this.#size;
  }

  get size(): number {
    this.#settle();
    return this.#size;
  }

  /** Ascending, each once. A view: the next `put` ends its life. */
  get times(): Float64Array {
    this.#settle();
    return this.#times.subarray(0, this.#size);
  }

  /** `width` values a time. A view: the next `put` ends its life. */
  get values(): Float32Array {
    this.#settle();
    return this.#values.subarray(0, this.#size * this.width);
  }

  get lastMs(): number {
    this.#settle();
    return this.#size === 0 ? -Infinity : this.#times[this.#size - 1]!;
  }

  /** How many are before `timeMs`. */
  indexOf(timeMs: number): number {
    this.#settle();
    const times = this.#times;
    let low = 0;
    let high = this.#size;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (times[middle]! < timeMs) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  dropBefore(timeMs: number): void {
    const dropped = this.indexOf(timeMs);
    if (dropped === 0) return;
    // Copies, so that what is dropped gives its memory back.
    this.#times = this.#times.slice(dropped, this.#size);
    this.#values = this.#values.slice(dropped * this.width, this.#size * this.width);
    this.#size -= dropped;
    this.#settled = this.#size;
  }

  #settle(): void {
    if (this.#settled === this.#size) return;
    const { width } = this;
    const order = keyOrder(this.#times, this.#size);
    const times = new Float64Array(this.#times.length);
    const values = new Float32Array(this.#values.length);
    for (let at = 0; at < order.length; at++) {
      const from = order[at]!;
      times[at] = this.#times[from]!;
      for (let value = 0; value < width; value++) {
        values[at * width + value] = this.#values[from * width + value]!;
      }
    }
    this.#times = times;
    this.#values = values;
    this.#size = order.length;
    this.#settled = order.length;
  }

  #grow(): void {
    const capacity = Math.max(16, 2 * this.#times.length);
    const times = new Float64Array(capacity);
    times.set(this.#times);
    this.#times = times;
    const values = new Float32Array(capacity * this.width);
    values.set(this.#values);
    this.#values = values;
  }
}
