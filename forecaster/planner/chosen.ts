import type { Move, PlanAnalysis } from '../../core/plan.js';
import type { Ahead } from './analysis.js';
import { Analyst } from './analysis.js';
import type { PlanningInputs } from './inputs.js';
import type { Translation } from './translation.js';
import { translateUnpriced } from './translation.js';

/** How good moves are that somebody chose: scored by the planner's own measure, without a search. */
export interface Chosen {
  readonly analysis: Omit<PlanAnalysis, 'stopped' | 'blockers'>;
  /** Moves that cannot be made any more: the resource is elsewhere, or a server is gone. */
  readonly impossible: readonly Move[];
  /** Of each server that some move changes: how full it gets at the high quantile, step by step. */
  readonly ahead: readonly Ahead[];
}

/** @throws ERR_PLANNING_INVALID */
export function chosen(inputs: PlanningInputs, moves: readonly Move[]): Chosen {
  return new Choices(inputs).score(moves);
}

/** Scores one choice of moves after the other by the same inputs: all but the first are cheap. */
export class Choices {
  readonly #translation: Translation;
  readonly #analyst: Analyst;
  readonly #resourceIndex: ReadonlyMap<string, number>;
  readonly #serverIndex: ReadonlyMap<string, number>;

  /** @throws ERR_PLANNING_INVALID */
  constructor(inputs: PlanningInputs) {
    this.#translation = translateUnpriced(inputs);
    this.#analyst = new Analyst(inputs, this.#translation);
    const { resources, servers } = this.#translation.problem;
    this.#resourceIndex = new Map(resources.map((id, index) => [id, index]));
    this.#serverIndex = new Map(servers.map((id, index) => [id, index]));
  }

  score(moves: readonly Move[]): Chosen {
    const { problem, resources } = this.#translation;
    const assignment = Int32Array.from(problem.start);
    const impossible: Move[] = [];
    for (const move of moves) {
      const resource = this.#resourceIndex.get(move.resource);
      const target = this.#serverIndex.get(move.target);
      if (resource === undefined || target === undefined) {
        impossible.push(move);
      } else if (resources[resource]!.server !== move.source) {
        impossible.push(move);
      } else {
        assignment[resource] = target;
      }
    }
    return {
      analysis: this.#analyst.analyse(assignment),
      impossible,
      ahead: this.#analyst.ahead(assignment),
    };
  }
}
