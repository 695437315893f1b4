/** Chance as an argument: numbers in [0, 1). */
export interface Rng {
  next(): number;
}

/**
 * sfc32 (Chris Doty-Humphrey, PractRand): small, fast, and the same on every machine for one seed.
 * Seeded through splitmix32 so that near seeds give unlike streams.
 */
export class SeededRng implements Rng {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  constructor(seed: number) {
    let state = seed >>> 0;
    const mix = (): number => {
      state = (state + 0x9e3779b9) | 0;
      let z = state ^ (state >>> 16);
      z = Math.imul(z, 0x21f0aaad);
      z ^= z >>> 15;
      z = Math.imul(z, 0x735a2d97);
      return z ^ (z >>> 15);
    };
    this.#a = mix();
    this.#b = mix();
    this.#c = mix();
    for (let round = 0; round < 12; round++) this.next();
  }

  next(): number {
    const sum = (this.#a + this.#b + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (this.#c << 21) | (this.#c >>> 11);
    this.#c = (this.#c + sum) | 0;
    return (sum >>> 0) / 4294967296;
  }
}

/** An integer in [0, below). */
export function integerBelow(rng: Rng, below: number): number {
  return Math.floor(rng.next() * below);
}

/** A value in [low, high). */
export function between(rng: Rng, low: number, high: number): number {
  return low + rng.next() * (high - low);
}

export function chance(rng: Rng, probability: number): boolean {
  return rng.next() < probability;
}

/** One element of a list that is not empty. */
export function pick<T>(rng: Rng, from: readonly T[]): T {
  const at = integerBelow(rng, from.length);
  if (at >= from.length) throw new RangeError('pick from an empty list');
  return from[at] as T;
}

/** Fisher-Yates on a copy. */
export function shuffled<T>(rng: Rng, list: readonly T[]): T[] {
  const result = [...list];
  for (let last = result.length - 1; last > 0; last--) {
    const at = integerBelow(rng, last + 1);
    [result[last], result[at]] = [result[at] as T, result[last] as T];
  }
  return result;
}

/** Standard normal by Box-Muller (one of the pair is thrown away: no state). */
export function gaussian(rng: Rng): number {
  const radius = Math.sqrt(-2 * Math.log(1 - rng.next()));
  return radius * Math.cos(2 * Math.PI * rng.next());
}

/** A seed for the part called `name`, so that parts draw from streams of their own (FNV-1a). */
export function seedFor(seed: number, name: string): number {
  let hash = (0x811c9dc5 ^ seed) >>> 0;
  for (let at = 0; at < name.length; at++) {
    hash = Math.imul(hash ^ name.charCodeAt(at), 0x01000193) >>> 0;
  }
  return hash;
}
