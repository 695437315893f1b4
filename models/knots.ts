/**
 * Steps of a horizon at which something is fitted, close at first and then ever wider apart; between them
 * it is interpolated linearly.
 */
export class Knots {
  /** 1 … horizonSteps, ascending. */
  readonly steps: Int32Array;
  /** By step h − 1: the knot at or before h. */
  readonly before: Int32Array;
  /** By step h − 1: the share 0…1 of the knot after it. */
  readonly share: Float64Array;

  constructor(horizonSteps: number) {
    const steps: number[] = [];
    for (let step = 1; step < horizonSteps; step = Math.max(step + 1, Math.round(step * 1.5))) {
      steps.push(step);
    }
    this.steps = Int32Array.from([...steps, horizonSteps]);
    this.before = new Int32Array(horizonSteps);
    this.share = new Float64Array(horizonSteps);
    let knot = 0;
    for (let h = 1; h <= horizonSteps; h++) {
      if (knot + 1 < this.steps.length - 1 && this.steps[knot + 1]! <= h) knot++;
      this.before[h - 1] = knot;
      const next = this.steps[Math.min(knot + 1, this.steps.length - 1)]!;
      const here = this.steps[knot]!;
      this.share[h - 1] = next > here ? (h - here) / (next - here) : 0;
    }
  }
}
