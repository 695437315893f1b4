import { Eight, EIGHT } from './eight.js';
import type { Row } from './model.js';
import type { Share } from './row-model.js';
import { RowModel } from './row-model.js';
import type { SeasonShape } from './season.js';
import { Ordered } from './ordered.js';
import type { Visible } from './slots.js';
import { collectSlot } from './slots.js';

/** Two weeks of days; more would remember what is over. */
const CYCLES_MAX = 14;
const QUANTILES = [0.1, 0.5, 0.9] as const;

/**
 * Low, middle and high quantile of the same slot over the latest seasons. A median per slot is what no fitted
 * mean beats on bursty loads; the high one finds jobs that run on some days at the same time.
 */
export class SeasonalSlots extends RowModel {
  readonly name: string;
  override readonly paths = QUANTILES.length;
  readonly minHistory: number;
  readonly #season: number;
  readonly #slot = new Ordered(CYCLES_MAX);
  /** No history holds more of a slot than `#few` has room for. */
  readonly #isFew: boolean;
  readonly #few = new Eight();

  constructor(shape: SeasonShape) {
    super(shape);
    this.name = `slots-${shape.season.name}`;
    this.#season = shape.season.steps;
    this.#isFew = shape.historySteps <= EIGHT * shape.season.steps;
    this.minHistory = 2 * shape.season.steps;
  }

  protected override get minBefore(): number {
    return this.#season;
  }

  protected say(row: Row, origin: number, { said }: Share, at: number, stride: number): void {
    const visible = {
      start: row.start,
      hiddenFrom: origin,
      hiddenTo: origin + this.horizonSteps,
    };
    for (let h = 0; h < this.horizonSteps; h++) {
      if (h >= this.#season) {
        // The same slot, with the same steps hidden.
        for (let p = 0; p < QUANTILES.length; p++) {
          said[at + p * stride + h] = said[at + p * stride + h - this.#season]!;
        }
        continue;
      }
      const step = origin + h;
      if (this.#isFew) this.#collectFew(row.values, step, visible);
      else collectSlot(row.values, { step, season: this.#season }, visible, this.#slot);
      for (let p = 0; p < QUANTILES.length; p++) {
        const q = QUANTILES[p]!;
        said[at + p * stride + h] = this.#isFew ? this.#few.quantile(q) : this.#slot.quantile(q);
      }
    }
  }

  /** All of a slot but what is hidden, the step among it. */
  #collectFew(values: Float32Array, step: number, { start, hiddenFrom, hiddenTo }: Visible): void {
    const few = this.#few;
    const season = this.#season;
    let count = 0;
    for (let at = start + ((step - start) % season); at < values.length; at += season) {
      if (at < hiddenFrom || at >= hiddenTo) few.values[count++] = values[at]!;
    }
    few.sort(count);
  }
}
