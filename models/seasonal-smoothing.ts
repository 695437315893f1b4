import type { Row } from './model.js';
import type { Share } from './row-model.js';
import { RowModel } from './row-model.js';
import type { SeasonShape } from './season.js';
import type { Slots } from './slots.js';
import { slotsOf } from './slots.js';
import { bestAlpha, memoryOf, smooth } from './smoothing.js';

const CYCLES_MAX = 14;
/** What the level remembers at most between fits; a slower one counts as this slow. */
const MEMORY_STEPS = 96;

/**
 * Season and level, in the manner of STL with simple exponential smoothing (Cleveland et al. 1990; FPP §3.6,
 * §8.1) on roots: trend = moving mean over a season, season(slot) = median of root − trend over the latest
 * cycles, level = smoothed rest; ŷ(o + h) = max(0, level + season(o + h))². Medians in place of STL's loess:
 * as robust as its robust form, and much cheaper.
 *
 * params: α, then the season, its slots counted from the start of the row that it was learnt from.
 */
export class SeasonalSmoothing extends RowModel {
  readonly name: string;
  override readonly params: number;
  readonly minHistory: number;
  readonly #season: number;
  /** Roots minus trend, and its slots. */
  readonly #detrended: Float64Array;
  readonly #slots: Slots;
  readonly #sums: Float64Array;
  readonly #rest: Float64Array;
  readonly #levels: Float64Array;

  constructor(shape: SeasonShape) {
    super(shape);
    const { season, historySteps } = shape;
    this.name = `stl-${season.name}`;
    this.#season = season.steps;
    this.params = 1 + season.steps;
    this.minHistory = 2 * season.steps;
    this.#detrended = new Float64Array(historySteps);
    this.#slots = slotsOf(shape, CYCLES_MAX);
    this.#sums = new Float64Array(historySteps + 1);
    this.#rest = new Float64Array(historySteps);
    this.#levels = new Float64Array(historySteps + 1);
  }

  protected override get minBefore(): number {
    return this.#season;
  }

  protected override learn(row: Row, params: Float32Array): void {
    const { start, roots } = row;
    const end = roots.length;
    const season = this.#season;
    this.#detrend(row);
    this.#slots.take(this.#detrended, start);
    for (let step = end - season; step < end; step++) {
      this.#slots.ask(step, end);
      params[1 + (step % season)] = this.#slots.quantile(0.5);
    }
    this.#takeRest(row, params, start);
    params[0] = bestAlpha(this.#rest, start, end);
  }

  protected override prepare(row: Row, params: Float32Array, earliest: number): void {
    const alpha = params[0]!;
    const start = Math.max(row.start, earliest - Math.min(MEMORY_STEPS, memoryOf(alpha)));
    // While fitting `learn` has just done it.
    if (earliest > row.start) this.#takeRest(row, params, start);
    smooth(this.#rest, { start, end: row.roots.length, alpha }, this.#levels);
  }

  protected say(row: Row, origin: number, { params, said }: Share, at: number): void {
    const season = this.#season;
    const level = this.#levels[origin]!;
    const isRehearsal = origin < row.roots.length;
    for (let h = 0; h < this.horizonSteps; h++) {
      if (h >= season) {
        said[at + h] = said[at + h - season]!;
        continue;
      }
      let slot = params[1 + ((origin + h + row.age) % season)]!;
      if (isRehearsal) {
        this.#slots.ask(origin + h, origin);
        slot = this.#slots.quantile(0.5);
      }
      const root = Math.max(0, level + slot);
      said[at + h] = root * root;
    }
  }

  /** Roots less the season, from `from` on. */
  #takeRest({ roots, age }: Row, params: Float32Array, from: number): void {
    for (let step = from; step < roots.length; step++) {
      this.#rest[step] = roots[step]! - params[1 + ((step + age) % this.#season)]!;
    }
  }

  /** The moving mean over a season around each step; near the ends that of the first and last season. */
  #detrend({ roots, start }: Row): void {
    const end = roots.length;
    const season = this.#season;
    const half = season >> 1;
    const sums = this.#sums;
    const detrended = this.#detrended;
    sums[start] = 0;
    for (let step = start; step < end; step++) sums[step + 1] = sums[step]! + roots[step]!;
    for (let step = start; step < end; step++) {
      const first = Math.min(Math.max(step - half, start), end - season);
      detrended[step] = roots[step]! - (sums[first + season]! - sums[first]!) / season;
    }
  }
}
