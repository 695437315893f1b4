import type { Row } from './model.js';
import type { Share } from './row-model.js';
import { RowModel } from './row-model.js';
import type { SeasonShape } from './season.js';

/**
 * The load is what it was a season ago (FPP §5.2): ŷ(o + h) = y(o + h − k·m), with the smallest k that
 * gets behind the origin.
 */
export class SeasonalNaive extends RowModel {
  readonly name: string;
  readonly minHistory: number;
  readonly #season: number;

  constructor(shape: SeasonShape) {
    super(shape);
    this.name = `naive-${shape.season.name}`;
    this.#season = shape.season.steps;
    this.minHistory = shape.season.steps;
  }

  protected say({ values }: Row, origin: number, { said }: Share, at: number): void {
    const season = this.#season;
    for (let h = 0; h < this.horizonSteps; h++) {
      said[at + h] = values[origin - season + (h % season)]!;
    }
  }
}
