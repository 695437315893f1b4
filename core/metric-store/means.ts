import type { Grid } from '../panel.js';

/**
 * Sums on the way to the means of a panel: for each row and step the sum of what fell into it, and how many
 * samples that was. Sums are doubles, since a step may hold thousands of large values.
 */
export class Means {
  readonly grid: Grid;
  readonly rows: number;
  /**
   * `[step · rows + row]`, both: samples of one moment lie together. A weight is a number of samples, or the
   * share of a longer mean's.
   */
  readonly sums: Float64Array;
  readonly weights: Float64Array;

  constructor(rows: number, grid: Grid) {
    this.grid = grid;
    this.rows = rows;
    this.sums = new Float64Array(rows * grid.steps);
    this.weights = new Float64Array(rows * grid.steps);
  }

  /** The step that a time falls into; outside of the grid: −1. */
  stepOf(timeMs: number): number {
    const { startMs, stepMs, steps } = this.grid;
    const step = Math.floor((timeMs - startMs) / stepMs);
    return step >= 0 && step < steps ? step : -1;
  }

  add(row: number, timeMs: number, value: number): void {
    const step = this.stepOf(timeMs);
    if (step === -1) return;
    const at = step * this.rows + row;
    this.sums[at]! += value;
    this.weights[at]! += 1;
  }

  /** The mean of a step is this, whatever was added before. */
  set(row: number, step: number, { mean, weight }: Weighted): void {
    const at = step * this.rows + row;
    this.sums[at] = mean * weight;
    this.weights[at] = weight;
  }

  /**
   * A mean of samples that lay somewhere in [fromMs, toMs): each step that this meets takes its share, as if
   * they lay evenly.
   */
  addSpan(row: number, span: Span, { mean, weight }: Weighted): void {
    const { startMs, stepMs, steps } = this.grid;
    const { fromMs, toMs } = span;
    const first = Math.max(0, Math.floor((fromMs - startMs) / stepMs));
    const last = Math.min(steps - 1, Math.ceil((toMs - startMs) / stepMs) - 1);
    for (let step = first; step <= last; step++) {
      const stepStartMs = startMs + step * stepMs;
      const overlapMs = Math.min(toMs, stepStartMs + stepMs) - Math.max(fromMs, stepStartMs);
      const share = (weight * overlapMs) / (toMs - fromMs);
      const at = step * this.rows + row;
      this.sums[at]! += mean * share;
      this.weights[at]! += share;
    }
  }

  /** The values of a panel whose series are these rows, in this order; a step without a sample is NaN. */
  valuesOf(rows: ArrayLike<number>): Float32Array {
    const { steps } = this.grid;
    const values = new Float32Array(rows.length * steps);
    for (let series = 0; series < rows.length; series++) {
      let at = rows[series]!;
      for (let step = 0; step < steps; step++, at += this.rows) {
        const weight = this.weights[at]!;
        values[series * steps + step] = weight > 0 ? this.sums[at]! / weight : NaN;
      }
    }
    return values;
  }
}

export interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

export interface Weighted {
  readonly mean: number;
  /** How many samples it is the mean of. */
  readonly weight: number;
}
