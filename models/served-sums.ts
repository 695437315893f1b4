import type { ResourceId } from '../core/domain.js';

/** What one server did in one step. */
export interface ServedStep {
  /** Cores in use, mean of the step. */
  readonly cpu: number;
  /** Every resource that it served in the step, and nothing else. */
  readonly loads: readonly ServedLoad[];
}

export interface ServedLoad {
  readonly resource: ResourceId;
  readonly hitsPerSecond: number;
  readonly bytesPerSecond: number;
}

/** Sums over steps of products: n of 1, h of hits, b of bytes, y of cpu. */
export interface ServedTotals {
  readonly n: number;
  readonly h: number;
  readonly b: number;
  readonly hh: number;
  readonly hb: number;
  readonly bb: number;
  readonly y: number;
  readonly hy: number;
  readonly by: number;
  readonly yy: number;
}

/** Terms of a resource: its hits, then its bytes. Term 0 of a server is the constant. */
const TERMS = 2;
/** Steps after which a resource that is served elsewhere is forgotten here, in half-lives: 0.1 % is left. */
const FADED_HALF_LIVES = 10;

/**
 * Sums over the steps of one server: the Gram matrix of the constant and of hits and bytes of each
 * resource, and their products with cpu; older steps fade. All that a least-squares fit needs.
 */
export class ServedSums {
  readonly #halfLifeSteps: number;
  /** Members in the order of their terms. */
  #members: ResourceId[] = [];
  #lastServed: number[] = [];
  readonly #indexOf = new Map<ResourceId, number>();
  /** Row-major, `#room` terms wide. */
  #gram = new Float64Array(0);
  #right = new Float64Array(0);
  #room = 0;
  #squares = 0;
  #steps = 0;
  readonly #terms: number[] = [];
  readonly #values: number[] = [];

  constructor({ halfLifeSteps }: { readonly halfLifeSteps: number }) {
    this.#halfLifeSteps = halfLifeSteps;
    this.#makeRoom(16);
  }

  /** By index: term 1 + 2·i is hits, 2 + 2·i bytes of member i. */
  get members(): readonly ResourceId[] {
    return this.#members;
  }

  /** Sum of squares of cpu. */
  get squares(): number {
    return this.#squares;
  }

  gramOf(term: number, other: number): number {
    return this.#gram[term * this.#room + other]!;
  }

  rightOf(term: number): number {
    return this.#right[term]!;
  }

  /** Σ gram(term, j)·x(j) over all terms. */
  productOf(term: number, x: Float64Array): number {
    const row = term * this.#room;
    const terms = 1 + TERMS * this.#members.length;
    let sum = 0;
    for (let j = 0; j < terms; j++) sum += this.#gram[row + j]! * x[j]!;
    return sum;
  }

  /** The same sums with all resources taken together as one. */
  totals(): ServedTotals {
    const terms = 1 + TERMS * this.#members.length;
    const totals = {
      n: this.#gram[0]!,
      h: 0,
      b: 0,
      hh: 0,
      hb: 0,
      bb: 0,
      y: this.#right[0]!,
      hy: 0,
      by: 0,
      yy: this.#squares,
    };
    for (let i = 1; i < terms; i++) {
      const isHits = i % TERMS === 1;
      if (isHits) totals.h += this.#gram[i]!;
      else totals.b += this.#gram[i]!;
      if (isHits) totals.hy += this.#right[i]!;
      else totals.by += this.#right[i]!;
      for (let j = 1; j < terms; j++) {
        const value = this.gramOf(i, j);
        if (isHits !== (j % TERMS === 1)) totals.hb += value / 2;
        else if (isHits) totals.hh += value;
        else totals.bb += value;
      }
    }
    return totals;
  }

  add({ cpu, loads }: ServedStep): void {
    this.#fade();
    this.#steps++;
    const terms = this.#terms;
    const values = this.#values;
    terms.length = 0;
    values.length = 0;
    terms.push(0);
    values.push(1);
    for (const { resource, hitsPerSecond, bytesPerSecond } of loads) {
      const first = 1 + TERMS * this.#memberFor(resource);
      terms.push(first, first + 1);
      values.push(hitsPerSecond, bytesPerSecond);
    }
    for (let i = 0; i < terms.length; i++) {
      const row = terms[i]! * this.#room;
      const value = values[i]!;
      for (let j = 0; j < terms.length; j++) this.#gram[row + terms[j]!]! += value * values[j]!;
      this.#right[terms[i]!]! += value * cpu;
    }
    this.#squares += cpu * cpu;
    if (this.#steps % this.#halfLifeSteps === 0) this.#forget();
  }

  #fade(): void {
    const keep = 0.5 ** (1 / this.#halfLifeSteps);
    const terms = 1 + TERMS * this.#members.length;
    for (let i = 0; i < terms; i++) {
      const row = i * this.#room;
      for (let j = 0; j < terms; j++) this.#gram[row + j]! *= keep;
      this.#right[i]! *= keep;
    }
    this.#squares *= keep;
  }

  #memberFor(resource: ResourceId): number {
    let index = this.#indexOf.get(resource);
    if (index === undefined) {
      index = this.#members.push(resource) - 1;
      this.#indexOf.set(resource, index);
      if (1 + TERMS * this.#members.length > this.#room) this.#makeRoom(2 * this.#room);
    }
    this.#lastServed[index] = this.#steps;
    return index;
  }

  /** Leaves out the members that have faded. */
  #forget(): void {
    const oldest = this.#steps - FADED_HALF_LIVES * this.#halfLifeSteps;
    const kept = [...this.#members.keys()].filter((index) => this.#lastServed[index]! >= oldest);
    if (kept.length === this.#members.length) return;
    const terms = [0, ...kept.flatMap((index) => [1 + TERMS * index, 2 + TERMS * index])];
    this.#members = kept.map((index) => this.#members[index]!);
    this.#lastServed = kept.map((index) => this.#lastServed[index]!);
    this.#indexOf.clear();
    for (const [index, resource] of this.#members.entries()) this.#indexOf.set(resource, index);
    this.#layOut(this.#room, terms);
  }

  #makeRoom(room: number): void {
    this.#layOut(room, [...new Array<void>(this.#room).keys()]);
  }

  /** Makes new arrays, `room` terms wide; term i of them is term `from[i]` of the old ones. */
  #layOut(room: number, from: readonly number[]): void {
    const gram = new Float64Array(room * room);
    const right = new Float64Array(room);
    for (const [i, term] of from.entries()) {
      for (const [j, other] of from.entries()) {
        gram[i * room + j] = this.#gram[term * this.#room + other]!;
      }
      right[i] = this.#right[term]!;
    }
    this.#gram = gram;
    this.#right = right;
    this.#room = room;
  }
}
