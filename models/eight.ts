/** So many there is room for. */
export const EIGHT = 8;

/**
 * Up to eight loads, put in ascending order for quantiles: by a network of comparisons (Knuth, "The Art of Computer Programming",
 * §5.3.4), so without a branch that nobody could foresee. Single numbers that are not negative have the order of their bits.
 */
export class Eight {
  /** To be filled from the first on. */
  readonly values = new Float32Array(EIGHT);
  readonly #bits = new Int32Array(this.values.buffer);
  #count = 0;

  /** Puts the first `count` in order, and forgets the others. */
  sort(count: number): void {
    this.#count = count;
    for (let at = count; at < EIGHT; at++) this.values[at] = Infinity;
    const bits = this.#bits;
    const a0 = bits[0]!;
    const b0 = bits[1]!;
    const c0 = bits[2]!;
    const d0 = bits[3]!;
    const e0 = bits[4]!;
    const f0 = bits[5]!;
    const g0 = bits[6]!;
    const h0 = bits[7]!;
    const a1 = lesser(a0, b0);
    const b1 = a0 ^ b0 ^ a1;
    const c1 = lesser(c0, d0);
    const d1 = c0 ^ d0 ^ c1;
    const e1 = lesser(e0, f0);
    const f1 = e0 ^ f0 ^ e1;
    const g1 = lesser(g0, h0);
    const h1 = g0 ^ h0 ^ g1;
    const a2 = lesser(a1, c1);
    const c2 = a1 ^ c1 ^ a2;
    const b2 = lesser(b1, d1);
    const d2 = b1 ^ d1 ^ b2;
    const e2 = lesser(e1, g1);
    const g2 = e1 ^ g1 ^ e2;
    const f2 = lesser(f1, h1);
    const h2 = f1 ^ h1 ^ f2;
    const b3 = lesser(b2, c2);
    const c3 = b2 ^ c2 ^ b3;
    const f3 = lesser(f2, g2);
    const g3 = f2 ^ g2 ^ f3;
    const a3 = lesser(a2, e2);
    const e3 = a2 ^ e2 ^ a3;
    const b4 = lesser(b3, f3);
    const f4 = b3 ^ f3 ^ b4;
    const c4 = lesser(c3, g3);
    const g4 = c3 ^ g3 ^ c4;
    const d3 = lesser(d2, h2);
    const h3 = d2 ^ h2 ^ d3;
    const c5 = lesser(c4, e3);
    const e4 = c4 ^ e3 ^ c5;
    const d4 = lesser(d3, f4);
    const f5 = d3 ^ f4 ^ d4;
    const b5 = lesser(b4, c5);
    const c6 = b4 ^ c5 ^ b5;
    const d5 = lesser(d4, e4);
    const e5 = d4 ^ e4 ^ d5;
    const f6 = lesser(f5, g4);
    const g5 = f5 ^ g4 ^ f6;
    bits[0] = a3;
    bits[1] = b5;
    bits[2] = c6;
    bits[3] = d5;
    bits[4] = e5;
    bits[5] = f6;
    bits[6] = g5;
    bits[7] = h3;
  }

  /** Between the two order statistics around q·(n − 1), linearly; NaN if there is none. */
  quantile(q: number): number {
    if (this.#count === 0) return NaN;
    const place = q * (this.#count - 1);
    const below = Math.floor(place);
    const low = this.values[below]!;
    const high = below + 1 < this.#count ? this.values[below + 1]! : low;
    return low + (place - below) * (high - low);
  }
}

/** The other one of two is `a ^ b ^ lesser(a, b)`. */
function lesser(a: number, b: number): number {
  const apart = (a - b) | 0;
  return (b + (apart & (apart >> 31))) | 0;
}
