import type { Row, Shape } from './model.js';
import type { Share } from './row-model.js';
import { RowModel } from './row-model.js';
import { bestAlpha, memoryOf, smooth } from './smoothing.js';

/**
 * Simple exponential smoothing (`smoothing.ts`) of the roots, so that spikes pull less: ŷ(o + h) = level(o)².
 */
export class Level extends RowModel {
  readonly name = 'ses';
  override readonly params = 1;
  readonly minHistory = 3;
  readonly #levels: Float64Array;

  constructor(shape: Shape) {
    super(shape);
    this.#levels = new Float64Array(shape.historySteps + 1);
  }

  protected override learn({ roots, start }: Row, params: Float32Array): void {
    params[0] = bestAlpha(roots, start, roots.length);
  }

  protected override prepare(row: Row, params: Float32Array, earliest: number): void {
    const alpha = params[0]!;
    const start = Math.max(row.start, earliest - memoryOf(alpha));
    smooth(row.roots, { start, end: row.roots.length, alpha }, this.#levels);
  }

  protected say(_row: Row, origin: number, { said }: Share, at: number): void {
    said.fill(this.#levels[origin]! ** 2, at, at + this.horizonSteps);
  }
}
