import { Ordered } from './ordered.js';
import type { SeasonShape } from './season.js';

/**
 * `Slots` of which only the nearest values count. Where enough of them are earlier ones, those of the origin asked before are kept in
 * order and moved on by a few seasons.
 */
export class NearestSlots {
  readonly #season: number;
  readonly #horizonSteps: number;
  readonly #room: number;
  /** By slot: values of earlier steps alone, as many as count. */
  readonly #earlier: readonly Ordered[];
  /** By slot: the latest step of them; −1: there are none yet. */
  readonly #latest: Int32Array;
  /** Where there are fewer earlier ones than count. */
  readonly #few: Ordered;
  #asked: Ordered;
  #values: Float32Array | Float64Array = new Float32Array(0);
  #start = 0;

  constructor({ season, horizonSteps }: SeasonShape, cyclesMax: number) {
    this.#season = season.steps;
    this.#horizonSteps = horizonSteps;
    this.#room = cyclesMax;
    this.#earlier = Array.from({ length: season.steps }, () => new Ordered(cyclesMax));
    this.#latest = new Int32Array(season.steps);
    this.#few = new Ordered(cyclesMax);
    this.#asked = this.#few;
  }

  take(values: Float32Array | Float64Array, start: number): void {
    this.#values = values;
    this.#start = start;
    this.#latest.fill(-1);
  }

  ask(step: number, origin: number): void {
    const season = this.#season;
    const ahead = step - origin;
    const latest = ahead < 0 ? step : step - season * (1 + Math.floor(ahead / season));
    if (latest - (this.#room - 1) * season < this.#start) {
      this.#collect(step, latest, origin + this.#horizonSteps);
      this.#asked = this.#few;
      return;
    }
    const slot = step % season;
    const earlier = this.#earlier[slot]!;
    this.#asked = earlier;
    this.#moveTo(latest, this.#latest[slot]!, earlier);
    this.#latest[slot] = latest;
  }

  quantile(q: number): number {
    return this.#asked.quantile(q);
  }

  /** Earlier ones up to `latest`, then those from `behind` on. */
  #collect(step: number, latest: number, behind: number): void {
    const season = this.#season;
    const values = this.#values;
    const few = this.#few;
    few.clear();
    for (let at = latest; at >= this.#start; at -= season) few.insert(values[at]!);
    const first = step + season * Math.max(1, Math.ceil((behind - step) / season));
    for (let at = first; at < values.length && few.count < few.room; at += season) {
      few.insert(values[at]!);
    }
  }

  /** @param before the latest step of the values that `earlier` holds now */
  #moveTo(latest: number, before: number, earlier: Ordered): void {
    const season = this.#season;
    const values = this.#values;
    const reach = this.#room * season;
    if (before < latest || before - latest >= reach) {
      earlier.clear();
      for (let at = latest; at > latest - reach; at -= season) earlier.insert(values[at]!);
      return;
    }
    for (let at = before; at > latest; at -= season) {
      earlier.replace(values[at]!, values[at - reach]!);
    }
  }
}
