import type { Row, Shape } from './model.js';
import type { Share } from './row-model.js';
import { RowModel } from './row-model.js';
import { select } from './selection.js';

/**
 * Nothing but the latest values, the same for all steps: their median, which no spike moves, and the
 * highest of the last horizon and of the last day: where a load has been, it may come again.
 */
export class Recent extends RowModel {
  readonly name = 'recent';
  override readonly paths = 3;
  readonly minHistory = 1;
  readonly #daySteps: number;
  readonly #parted: Float64Array;

  /** @param daySteps how long the highest value is remembered */
  constructor(shape: Shape & { readonly daySteps: number }) {
    super(shape);
    this.#daySteps = shape.daySteps;
    this.#parted = new Float64Array(shape.horizonSteps);
  }

  protected say(row: Row, origin: number, { said }: Share, at: number, stride: number): void {
    const { horizonSteps } = this;
    const latest = row.values.subarray(Math.max(row.start, origin - horizonSteps), origin);
    const { length } = latest;
    const parted = this.#parted;
    parted.set(latest);
    const middle = length >> 1;
    const upper = select(parted, middle, 0, length);
    const below = highestOf(parted, 0, middle);
    const median = length % 2 === 1 ? upper : (below + upper) / 2;
    said.fill(median, at, at + horizonSteps);
    said.fill(highestOf(parted, middle, length), at + stride, at + stride + horizonSteps);
    const highest = highestOf(row.values, Math.max(row.start, origin - this.#daySteps), origin);
    said.fill(highest, at + 2 * stride, at + 2 * stride + horizonSteps);
  }
}

/** At least 0, which no load is below. */
function highestOf(values: Float32Array | Float64Array, from: number, to: number): number {
  let highest = 0;
  for (let at = from; at < to; at++) if (values[at]! > highest) highest = values[at]!;
  return highest;
}
