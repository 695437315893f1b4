import { Eight } from './eight.js';
import type { Row, Shape } from './model.js';
import type { Share } from './row-model.js';
import { RowModel } from './row-model.js';
import { PATTERN_STEPS, Patterns } from './patterns.js';

const QUANTILES = [0.1, 0.5, 0.9] as const;

/**
 * What came after the moments of the past that looked most like now (nearest neighbours, Lorenz 1969;
 * Martínez et al. 2019, "tsfknn"): said are quantiles of the neighbours' futures, step by step. Unlike all fitted models
 * it follows any shape it has seen, jobs without a period among them. What looks alike, `patterns.ts` says.
 */
export class Analogs extends RowModel {
  readonly name = 'analogs';
  override readonly paths = QUANTILES.length;
  readonly minHistory: number;
  readonly #patterns: Patterns;
  readonly #futures = new Eight();

  constructor(shape: Shape) {
    super(shape);
    this.#patterns = new Patterns(shape.historySteps);
    this.minHistory = PATTERN_STEPS + 2 * shape.horizonSteps;
  }

  protected override get minBefore(): number {
    return PATTERN_STEPS;
  }

  protected override prepare({ roots, start }: Row): void {
    this.#patterns.take(roots, start);
  }

  protected say(row: Row, origin: number, { said }: Share, at: number, stride: number): void {
    const { horizonSteps } = this;
    const { values, start } = row;
    const first = start + PATTERN_STEPS;
    const last = values.length - horizonSteps;
    const before = { from: first, to: Math.min(last, origin - horizonSteps) };
    const behind = { from: origin + horizonSteps + PATTERN_STEPS, to: last };
    const { ends } = this.#patterns;
    const futures = this.#futures;
    const count = this.#patterns.find(origin, [before, behind]);
    for (let h = 0; h < horizonSteps; h++) {
      for (let k = 0; k < count; k++) futures.values[k] = values[ends[k]! + h]!;
      futures.sort(count);
      for (let p = 0; p < QUANTILES.length; p++) {
        said[at + p * stride + h] = futures.quantile(QUANTILES[p]!);
      }
    }
  }
}
