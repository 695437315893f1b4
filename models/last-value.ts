import type { Row } from './model.js';
import type { Share } from './row-model.js';
import { RowModel } from './row-model.js';

/**
 * The load stays what it was last (a random walk without drift; Hyndman and Athanasopoulos, "Forecasting:
 * Principles and Practice", §5.2): ŷ(o + h) = y(o − 1).
 */
export class LastValue extends RowModel {
  readonly name = 'last';
  readonly minHistory = 1;

  protected say({ values }: Row, origin: number, { said }: Share, at: number): void {
    said.fill(values[origin - 1]!, at, at + this.horizonSteps);
  }
}
