import type { Grid } from '../../core/panel.js';
import type { Reason, StartWindow } from '../../core/plan.js';
import type { ReasonedShift } from './batches.js';
import { loadOf } from './demand.js';
import type { Problem } from './problem.js';
import { EPSILON, NOWHERE } from './problem.js';
import { perMeanCapacity } from './sizing.js';
import { keptUtilizationOf } from './utilization.js';

/** A moment is as cheap as the cheapest if the resource needs no more than this times as much. */
const NEARLY_LEAST = 1.1;

/** What is not for the sake of a load is not put off. */
const PUT_OFF: ReadonlySet<Reason['kind']> = new Set(['overload', 'room', 'imbalance']);

/** When the moves of a plan should start: before the source passes a limit, when the resource needs least. */
export class StartWindows {
  readonly #problem: Problem;
  readonly #grid: Grid;
  readonly #nowMs: number;
  /** The step that it is now. */
  readonly #first: number;
  /** Utilizations if nothing is done; not computed before they are asked for: where a server is lost, nobody does. */
  #nothing: Float64Array | undefined;
  /** By dimension: 1 ÷ the mean capacity. */
  readonly #perMean: Float64Array;

  constructor(problem: Problem, grid: Grid, nowMs: number) {
    this.#problem = problem;
    this.#grid = grid;
    this.#nowMs = nowMs;
    const passed = Math.floor((nowMs - grid.startMs) / grid.stepMs);
    this.#first = Math.min(Math.max(0, passed), Math.max(0, grid.steps - 1));
    this.#perMean = perMeanCapacity(problem);
  }

  of({ resource, source, reason }: ReasonedShift): StartWindow {
    const fromMs = this.#nowMs;
    if (source === NOWHERE || !PUT_OFF.has(reason.kind)) {
      return { fromMs, untilMs: fromMs, cheapestMs: fromMs };
    }
    const until = this.#breachStep(source);
    const untilMs = this.#atMs(until);
    return { fromMs, untilMs, cheapestMs: this.#atMs(this.#cheapestStep(resource, until)) };
  }

  /** A step that began before now begins now. */
  #atMs(step: number): number {
    return Math.max(this.#nowMs, this.#grid.startMs + step * this.#grid.stepMs);
  }

  /** The first step at which the server passes what it should carry if nothing is done; the last, if it never does. */
  #breachStep(server: number): number {
    const { demand, objective, steps, start } = this.#problem;
    const nothing = (this.#nothing ??= keptUtilizationOf(this.#problem, demand, start));
    for (let step = this.#first; step < steps; step++) {
      for (let cell = step; cell < demand.cells; cell += steps) {
        const utilization = nothing[server * demand.cells + cell]!;
        if (utilization > objective.target + EPSILON) return step;
      }
    }
    return Math.max(this.#first, steps - 1);
  }

  /** The first of those before `until` that is nearly as cheap as the cheapest. */
  #cheapestStep(resource: number, until: number): number {
    const needs: number[] = [];
    for (let step = this.#first; step < Math.max(this.#first + 1, until); step++) {
      needs.push(this.#needAt(resource, step));
    }
    const least = needs.reduce((lowest, need) => Math.min(lowest, need), Infinity);
    return this.#first + needs.findIndex((need) => need <= least * NEARLY_LEAST);
  }

  /** Σ of the shares of a mean server that it needs, over the dimensions. */
  #needAt(resource: number, step: number): number {
    const { demand, steps } = this.#problem;
    let sum = 0;
    for (const [dimension, per] of this.#perMean.entries()) {
      sum += loadOf(demand, resource, dimension * steps + step) * per;
    }
    return sum;
  }
}
