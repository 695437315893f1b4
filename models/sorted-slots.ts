import type { SeasonShape } from './season.js';

/**
 * `Slots` of which all values count, and of which no horizon hides more than the one step. Each slot is put in order once, when it is first
 * asked for; a hidden step is left out when quantiles are looked up.
 */
export class SortedSlots {
  readonly #season: number;
  readonly #cycles: number;
  /** [slots × cycles], those of a slot next to each other, ascending. */
  readonly #sorted: Float64Array;
  /** By slot: how many there are; 0: not put in order yet. */
  readonly #counts: Uint8Array;
  #values: Float32Array | Float64Array = new Float32Array(0);
  #start = 0;
  /** Of the slot asked for: its first place, how many of it count, and the place of the one that is left out. */
  #from = 0;
  #count = 0;
  #without = 0;

  constructor({ season, historySteps }: SeasonShape) {
    this.#season = season.steps;
    this.#cycles = Math.ceil(historySteps / season.steps);
    this.#sorted = new Float64Array(season.steps * this.#cycles);
    this.#counts = new Uint8Array(season.steps);
  }

  take(values: Float32Array | Float64Array, start: number): void {
    this.#values = values;
    this.#start = start;
    this.#counts.fill(0);
  }

  ask(step: number, origin: number): void {
    const slot = step % this.#season;
    const from = slot * this.#cycles;
    let count = this.#counts[slot]!;
    if (count === 0) count = this.#sort(slot, from);
    this.#from = from;
    this.#count = count;
    this.#without = count;
    if (step < origin || step >= this.#values.length) return;
    const hidden = this.#values[step]!;
    let place = 0;
    while (place < count - 1 && this.#sorted[from + place] !== hidden) place++;
    this.#without = place;
    this.#count = count - 1;
  }

  quantile(q: number): number {
    if (this.#count === 0) return NaN;
    const place = q * (this.#count - 1);
    const below = Math.floor(place);
    const low = this.#at(below);
    const high = below + 1 < this.#count ? this.#at(below + 1) : low;
    return low + (place - below) * (high - low);
  }

  #at(place: number): number {
    return this.#sorted[this.#from + place + (place >= this.#without ? 1 : 0)]!;
  }

  #sort(slot: number, from: number): number {
    const season = this.#season;
    const start = this.#start;
    const values = this.#values;
    const sorted = this.#sorted;
    const first = start + ((slot - (start % season) + season) % season);
    let count = 0;
    for (let step = first; step < values.length; step += season) {
      const value = values[step]!;
      let at = from + count++;
      while (at > from && sorted[at - 1]! > value) {
        sorted[at] = sorted[at - 1]!;
        at--;
      }
      sorted[at] = value;
    }
    this.#counts[slot] = count;
    return count;
  }
}
