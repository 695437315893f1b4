import type { ResourceId } from '../../core/domain.js';
import type { Move, Plan, PlanAnalysis } from '../../core/plan.js';
import { proposedPlans } from '../../core/table-store/plans.js';
import type { Chosen } from '../../forecaster/planner/chosen.js';
import { analysisWords, worldsWords } from '../../forecaster/planner/words.js';
import type { PlanScoreView } from '../contract/plan-score.js';
import type { AdvisedParts, PlanningOptions } from './planning.js';
import { Plannings } from './planning.js';

/**
 * Scores plans, also with some of their moves left out, by the newest forecast. What it scores by is prepared once for all who ask,
 * until the forecast, the table, or anything else that a round would plan with is another.
 */
export class PlanScores {
  readonly #parts: AdvisedParts;
  readonly #plannings: Plannings;

  /** @param state read each time: a reload may change it */
  constructor(parts: AdvisedParts, state: { readonly planning: PlanningOptions }) {
    this.#parts = parts;
    // Of what was measured a score looks at nothing else than what is forecast.
    this.#plannings = new Plannings(parts, state, {
      metrics: [],
      ready: (inputs) => parts.adviser.prepare(inputs),
    });
  }

  /** Ahead of the first question, while a plan waits that somebody may ask about. @throws as `scoreOf` */
  async prepare(): Promise<void> {
    if (proposedPlans(this.#parts.view).length > 0) await this.#plannings.now();
  }

  /** A plan with some of its moves left out. @throws ERR_NO_FORECAST, ERR_STORE_UNAVAILABLE, ERR_PLANNING_INVALID, ERR_ADVICE_LOST */
  async scoreOf(plan: Plan, without: readonly ResourceId[]): Promise<PlanScoreView> {
    const { inputs } = await this.#plannings.now();
    const { grid } = inputs.forecast;
    const moves = movesWithout(plan, without);
    const { analysis, impossible, ahead } = await this.#parts.adviser.score(inputs, moves);
    const whole = wholeAnalysis(analysis);
    return {
      plan: plan.id,
      atMs: this.#parts.clock.realtimeMs(),
      without: [...without],
      moves: moves.length,
      impossible: impossible.map(({ resource }) => resource),
      analysis: { ...analysis, outlook: [...analysis.outlook] },
      text: analysisWords(whole, moves.length),
      worlds: worldsWords(whole),
      stepMs: grid.stepMs,
      fromMs: grid.startMs,
      ahead: ahead.map(({ server, nothing, plan: then }) => ({
        server,
        nothing: [...nothing],
        plan: [...then],
      })),
    };
  }

  /** What is written into a plan that an operator took moves out of: its own analysis is of all of them. */
  async analysisWithout(plan: Plan, without: readonly ResourceId[]): Promise<PlanAnalysis> {
    const { inputs } = await this.#plannings.now();
    const { analysis } = await this.#parts.adviser.score(inputs, movesWithout(plan, without));
    return wholeAnalysis(analysis);
  }
}

/** Nobody searched: there is nothing to say of what stood in the way. */
function wholeAnalysis(analysis: Chosen['analysis']): PlanAnalysis {
  return { ...analysis, blockers: [], stopped: 'complete' };
}

function movesWithout({ batches }: Plan, without: readonly ResourceId[]): Move[] {
  const left = new Set(without);
  return batches.flatMap(({ moves }) => moves.filter(({ resource }) => !left.has(resource)));
}
