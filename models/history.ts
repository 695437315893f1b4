import type { Row } from './model.js';

/** A code that is no value. */
const GAP = 0xffff;
const CODE_MAX = 0xfffe;
/** A first value is put here, so that a load may grow to 1.5 times it before the unit has to. */
const CODE_FIRST = 53_000;
/** If the largest code is below this, the unit is far too large: something huge has left the ring. */
const CODE_LOW = 4096;
/** A value further above all that is known is taken for that much: a fault must not blind us for a week. */
const LEAP = 10;
/** No load is larger; its square and its sums still fit. */
const VALUE_MAX = 1e30;
/** So many values must be known before a leap can be told from a beginning. */
const LEAP_KNOWN = 8;

/**
 * The last samples of many series, each in a ring: two bytes a sample, the square root in units of its own
 * series, which keeps 4 to 5 digits of the large values and enough of the small ones. NaN is a gap.
 */
export class History {
  readonly #codes: Uint16Array;
  /** Root of a value = code · unit; 0: nothing but zeros yet. */
  readonly #unit: Float32Array;
  /** The largest code written since it was last looked up. */
  readonly #top: Uint16Array;
  /** Where the next sample goes. */
  readonly #next: Int32Array;
  /** Samples that are not gaps, of all time. */
  readonly #known: Int32Array;

  constructor(
    readonly capacity: number,
    readonly steps: number,
  ) {
    this.#codes = new Uint16Array(capacity * steps).fill(GAP);
    this.#unit = new Float32Array(capacity);
    this.#top = new Uint16Array(capacity);
    this.#next = new Int32Array(capacity);
    this.#known = new Int32Array(capacity);
  }

  /** In a fixed order, to be saved and restored. */
  get arrays(): readonly (Uint16Array | Float32Array | Int32Array)[] {
    return [this.#codes, this.#unit, this.#top, this.#next, this.#known];
  }

  known(slot: number): number {
    return this.#known[slot]!;
  }

  clear(slot: number): void {
    this.#codes.fill(GAP, slot * this.steps, (slot + 1) * this.steps);
    this.#unit[slot] = 0;
    this.#top[slot] = 0;
    this.#next[slot] = 0;
    this.#known[slot] = 0;
  }

  /** @param value NaN, an infinity: a gap; negative: zero */
  append(slot: number, value: number): void {
    const next = this.#next[slot]!;
    this.#codes[slot * this.steps + next] = Number.isFinite(value)
      ? this.#encode(slot, value)
      : GAP;
    this.#next[slot] = next + 1 === this.steps ? 0 : next + 1;
  }

  /** Fills a row, and the gaps in it linearly; what lies before the first and after the last known value is held. */
  read(slot: number, row: Row): void {
    const { values, roots, isKnown } = row;
    const end = values.length;
    row.slot = slot;
    row.start = 0;
    if (this.#decode(slot, row) === end) return;
    let start = 0;
    while (start < end && isKnown[start] === 0) start++;
    row.start = start;
    let before = start;
    for (let step = start + 1; step < end; step++) {
      if (isKnown[step] === 0) continue;
      if (step - before > 1) this.#fill(row, before, step);
      before = step;
    }
    if (start === end) return;
    values.fill(values[before]!, before + 1);
    roots.fill(roots[before]!, before + 1);
  }

  /** Finds the unit that suits what is in the ring now; called now and then. */
  tighten(slot: number): void {
    const from = slot * this.steps;
    let top = 0;
    for (let at = from; at < from + this.steps; at++) {
      const code = this.#codes[at]!;
      if (code !== GAP && code > top) top = code;
    }
    this.#top[slot] = top;
    if (top < CODE_LOW && top > 0) this.#rescale(slot, (top * this.#unit[slot]!) / CODE_FIRST);
  }

  #encode(slot: number, value: number): number {
    let root = Math.sqrt(Math.min(Math.max(0, value), VALUE_MAX));
    const topRoot = this.#top[slot]! * this.#unit[slot]!;
    if (topRoot > 0 && this.#known[slot]! >= LEAP_KNOWN) {
      root = Math.min(root, topRoot * Math.sqrt(LEAP));
    }
    this.#known[slot]!++;
    if (root > CODE_MAX * this.#unit[slot]!) this.#rescale(slot, root / CODE_FIRST);
    const unit = this.#unit[slot]!;
    const code = unit === 0 ? 0 : Math.min(CODE_MAX, Math.round(root / unit));
    if (code > this.#top[slot]!) this.#top[slot] = code;
    return code;
  }

  #rescale(slot: number, unit: number): void {
    const from = slot * this.steps;
    const ratio = this.#unit[slot]! / unit;
    for (let at = from; at < from + this.steps; at++) {
      const code = this.#codes[at]!;
      if (code !== GAP) this.#codes[at] = Math.min(CODE_MAX, Math.round(code * ratio));
    }
    this.#top[slot] = Math.min(CODE_MAX, Math.round(this.#top[slot]! * ratio));
    this.#unit[slot] = unit;
  }

  /** The oldest sample first: the ring begins where the next one goes. Returns how many are known. */
  #decode(slot: number, row: Row): number {
    const from = slot * this.steps;
    const next = this.#next[slot]!;
    const unit = this.#unit[slot]!;
    row.highest = 0;
    return (
      decode(this.#codes.subarray(from + next, from + this.steps), unit, row, 0) +
      decode(this.#codes.subarray(from, from + next), unit, row, this.steps - next)
    );
  }

  #fill({ values, roots }: Row, before: number, after: number): void {
    const slope = (values[after]! - values[before]!) / (after - before);
    for (let step = before + 1; step < after; step++) {
      values[step] = values[before]! + slope * (step - before);
      roots[step] = Math.sqrt(values[step]!);
    }
  }
}

/** Codes to a row from `step` on; those of gaps are left for later. Returns how many are known. */
function decode(codes: Uint16Array, unit: number, row: Row, step: number): number {
  const { values, roots, isKnown } = row;
  const { length } = codes;
  isKnown.fill(1, step, step + length);
  let gaps = 0;
  let top = 0;
  for (let at = 0; at < length; at++) {
    const code = codes[at]!;
    const root = code * unit;
    roots[step + at] = root;
    values[step + at] = root * root;
    if (code <= top) continue;
    if (code === GAP) {
      isKnown[step + at] = 0;
      gaps++;
    } else top = code;
  }
  row.highest = Math.max(row.highest, (top * unit) ** 2);
  return length - gaps;
}
