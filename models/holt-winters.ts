import type { Row } from './model.js';
import type { Share } from './row-model.js';
import { RowModel } from './row-model.js';
import type { SeasonShape } from './season.js';

const ALPHAS = [0.02, 0.1, 0.3, 0.6] as const;
const GAMMAS = [0.05, 0.2, 0.4] as const;
/** Of the trend: gentle, and damped within a few steps, for a load does not grow for ever. */
const BETA = 0.05;
const PHI = 0.9;

/**
 * Damped Holt-Winters with an additive season (Holt 1957, Winters 1960, Gardner and McKenzie 1985; FPP §8.3):
 *   level = l + φb + α·e, trend = φb + α·β·e, season(slot) += γ·(1 − α)·e, e = y − (l + φb + season(slot)),
 *   ŷ(o + h) = l + (φ + … + φ^(h + 1))·b + season(slot of o + h), h from 0.
 * α and γ are those of a small grid with the smallest mean absolute one-step error. Additive only: multiplied
 * seasons explode on loads that touch zero.
 */
export class HoltWinters extends RowModel {
  readonly name: string;
  override readonly params = 2;
  readonly minHistory: number;
  readonly #season: number;
  /** Before each step is seen. */
  readonly #levels: Float64Array;
  readonly #trends: Float64Array;
  /** What the season of a step's slot became by it. */
  readonly #seasons: Float64Array;

  constructor(shape: SeasonShape) {
    super(shape);
    this.name = `hw-${shape.season.name}`;
    this.#season = shape.season.steps;
    this.minHistory = 2 * shape.season.steps;
    this.#levels = new Float64Array(shape.historySteps + 1);
    this.#trends = new Float64Array(shape.historySteps + 1);
    this.#seasons = new Float64Array(shape.historySteps);
  }

  protected override learn(row: Row, params: Float32Array): void {
    let best = Infinity;
    for (const alpha of ALPHAS) {
      for (const gamma of GAMMAS) {
        const error = this.#filter(row, alpha, gamma);
        if (error >= best) continue;
        best = error;
        params[0] = alpha;
        params[1] = gamma;
      }
    }
  }

  protected override prepare(row: Row, params: Float32Array): void {
    this.#filter(row, params[0]!, params[1]!);
  }

  protected say(_row: Row, origin: number, { said }: Share, at: number): void {
    const season = this.#season;
    let damped = 0;
    for (let h = 0; h < this.horizonSteps; h++) {
      damped = PHI * (1 + damped);
      const slot = this.#seasons[origin - season + (h % season)]!;
      said[at + h] = Math.max(0, this.#levels[origin]! + damped * this.#trends[origin]! + slot);
    }
  }

  /** Fills the states; returns the sum of absolute one-step errors after two seasons. */
  #filter({ values, start }: Row, alpha: number, gamma: number): number {
    const season = this.#season;
    let level = 0;
    for (let step = start; step < start + season; step++) level += values[step]! / season;
    for (let step = start; step < start + season; step++) {
      this.#seasons[step] = values[step]! - level;
    }
    let trend = 0;
    let errors = 0;
    for (let step = start + season; step < values.length; step++) {
      this.#levels[step] = level;
      this.#trends[step] = trend;
      const slot = this.#seasons[step - season]!;
      const error = values[step]! - (level + PHI * trend + slot);
      if (step >= start + 2 * season) errors += Math.abs(error);
      level += PHI * trend + alpha * error;
      trend = PHI * trend + alpha * BETA * error;
      this.#seasons[step] = slot + gamma * (1 - alpha) * error;
    }
    this.#levels[values.length] = level;
    this.#trends[values.length] = trend;
    return errors;
  }
}
