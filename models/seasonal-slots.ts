import type { Row } from './model.js';
import type { Share } from './row-model.js';
import { RowModel } from './row-model.js';
import type { SeasonShape } from './season.js';
import type { Slots } from './slots.js';
import { slotsOf } from './slots.js';

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
  readonly #slots: Slots;

  constructor(shape: SeasonShape) {
    super(shape);
    this.name = `slots-${shape.season.name}`;
    this.#season = shape.season.steps;
    this.#slots = slotsOf(shape, CYCLES_MAX);
    this.minHistory = 2 * shape.season.steps;
  }

  protected override get minBefore(): number {
    return this.#season;
  }

  protected override prepare({ values, start }: Row): void {
    this.#slots.take(values, start);
  }

  protected say(_row: Row, origin: number, { said }: Share, at: number, stride: number): void {
    const season = this.#season;
    for (let h = 0; h < this.horizonSteps; h++) {
      if (h < season) this.#slots.ask(origin + h, origin);
      for (let p = 0; p < QUANTILES.length; p++) {
        const to = at + p * stride + h;
        // From the second season of the horizon on it is the same slot, with the same steps hidden.
        said[to] = h < season ? this.#slots.quantile(QUANTILES[p]!) : said[to - season]!;
      }
    }
  }
}
