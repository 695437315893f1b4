import type { Row } from './model.js';
import type { Share } from './row-model.js';
import { RowModel } from './row-model.js';
import type { SeasonShape } from './season.js';
import { Ordered } from './ordered.js';
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

  constructor(shape: SeasonShape) {
    super(shape);
    this.name = `slots-${shape.season.name}`;
    this.#season = shape.season.steps;
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
      collectSlot(row.values, { step: origin + h, season: this.#season }, visible, this.#slot);
      for (let p = 0; p < QUANTILES.length; p++) {
        said[at + p * stride + h] = this.#slot.quantile(QUANTILES[p]!);
      }
    }
  }
}
