import type { Row, Shape } from './model.js';
import type { Share } from './row-model.js';
import { RowModel } from './row-model.js';

/**
 * Nothing but the latest values, the same for all steps: their median, which no spike moves, and the
 * highest of the last horizon and of the last day: where a load has been, it may come again.
 */
export class Recent extends RowModel {
  readonly name = 'recent';
  override readonly paths = 3;
  readonly minHistory = 1;
  readonly #daySteps: number;
  readonly #sorted: Float32Array;

  /** @param daySteps how long the highest value is remembered */
  constructor(shape: Shape & { readonly daySteps: number }) {
    super(shape);
    this.#daySteps = shape.daySteps;
    this.#sorted = new Float32Array(shape.horizonSteps);
  }

  protected say(row: Row, origin: number, { said }: Share, at: number, stride: number): void {
    const { horizonSteps } = this;
    const latest = row.values.subarray(Math.max(row.start, origin - horizonSteps), origin);
    const sorted = this.#sorted.subarray(0, latest.length);
    sorted.set(latest);
    sorted.sort();
    const middle = sorted.length >> 1;
    const median =
      sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
    said.fill(median, at, at + horizonSteps);
    said.fill(sorted.at(-1)!, at + stride, at + stride + horizonSteps);
    let highest = 0;
    for (let step = Math.max(row.start, origin - this.#daySteps); step < origin; step++) {
      if (row.values[step]! > highest) highest = row.values[step]!;
    }
    said.fill(highest, at + 2 * stride, at + 2 * stride + horizonSteps);
  }
}
