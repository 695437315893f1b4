/** A few numbers kept in ascending order, for quantiles. Its room is made once. */
export class Ordered {
  readonly #values: Float64Array;
  #count = 0;

  constructor(readonly room: number) {
    this.#values = new Float64Array(room);
  }

  get count(): number {
    return this.#count;
  }

  clear(): void {
    this.#count = 0;
  }

  /** There must be room. */
  insert(value: number): void {
    const values = this.#values;
    let at = this.#count++;
    while (at > 0 && values[at - 1]! > value) {
      values[at] = values[at - 1]!;
      at--;
    }
    values[at] = value;
  }

  /** Takes one number of this value away; it must be there. */
  remove(value: number): void {
    const values = this.#values;
    let at = this.#placeOf(value);
    this.#count--;
    for (; at < this.#count; at++) values[at] = values[at + 1]!;
  }

  /** Puts a number in the place of one of this value; it must be there. */
  replace(value: number, by: number): void {
    const values = this.#values;
    const last = this.#count - 1;
    let at = this.#placeOf(value);
    for (; at > 0 && values[at - 1]! > by; at--) values[at] = values[at - 1]!;
    for (; at < last && values[at + 1]! < by; at++) values[at] = values[at + 1]!;
    values[at] = by;
  }

  /** The one that `place` others are not larger than. */
  at(place: number): number {
    return this.#values[place]!;
  }

  /** Between the two order statistics around q·(n − 1), linearly; NaN if there is none. */
  quantile(q: number): number {
    const count = this.#count;
    if (count === 0) return NaN;
    const place = q * (count - 1);
    const below = Math.floor(place);
    const low = this.#values[below]!;
    const high = below + 1 < count ? this.#values[below + 1]! : low;
    return low + (place - below) * (high - low);
  }

  #placeOf(value: number): number {
    let at = 0;
    while (at < this.#count - 1 && this.#values[at] !== value) at++;
    return at;
  }
}
