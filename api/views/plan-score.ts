import type { ResourceId } from '../../core/domain.js';
import type { Move, Plan, PlanAnalysis } from '../../core/plan.js';
import { chosen } from '../../forecaster/planner/chosen.js';
import type { Chosen } from '../../forecaster/planner/chosen.js';
import { analysisWords, worldsWords } from '../../forecaster/planner/words.js';
import type { PlanScoreView } from '../contract/plan-score.js';
import type { PlanningOptions, PlanningParts } from './planning.js';
import { planningOf } from './planning.js';

/** Nothing is searched for: no adviser is asked. */
export interface PlanScoreParts {
  readonly parts: Omit<PlanningParts, 'adviser'>;
  readonly options: PlanningOptions;
}

/** A plan with some of its moves left out, by the newest forecast. @throws ERR_NO_FORECAST, ERR_STORE_UNAVAILABLE */
export async function planScoreOf(
  plan: Plan,
  without: readonly ResourceId[],
  { parts, options }: PlanScoreParts,
): Promise<PlanScoreView> {
  const { inputs } = await planningOf(parts, options);
  const moves = movesWithout(plan, without);
  const { analysis, impossible, ahead } = chosen(inputs, moves);
  const { grid } = inputs.forecast;
  const whole = wholeAnalysis(analysis);
  return {
    plan: plan.id,
    atMs: inputs.nowMs,
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
export async function analysisWithout(
  plan: Plan,
  without: readonly ResourceId[],
  { parts, options }: PlanScoreParts,
): Promise<PlanAnalysis> {
  const { inputs } = await planningOf(parts, options);
  return wholeAnalysis(chosen(inputs, movesWithout(plan, without)).analysis);
}

/** Nobody searched: there is nothing to say of what stood in the way. */
function wholeAnalysis(analysis: Chosen['analysis']): PlanAnalysis {
  return { ...analysis, blockers: [], stopped: 'complete' };
}

function movesWithout({ batches }: Plan, without: readonly ResourceId[]): Move[] {
  const left = new Set(without);
  return batches.flatMap(({ moves }) => moves.filter(({ resource }) => !left.has(resource)));
}
