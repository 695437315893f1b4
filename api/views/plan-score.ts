import type { ResourceId } from '../../core/domain.js';
import { DIMENSIONS } from '../../core/domain.js';
import { fail } from '../../core/errors.js';
import { Kept } from '../../core/kept.js';
import type { ForecastRun } from '../../core/metric-store/port.js';
import { readRecent } from '../../core/metric-store/recent.js';
import type { Grid } from '../../core/panel.js';
import type { Move, Plan, PlanAnalysis } from '../../core/plan.js';
import type { Chosen } from '../../forecaster/planner/chosen.js';
import { Choices } from '../../forecaster/planner/chosen.js';
import { analysisWords, worldsWords } from '../../forecaster/planner/words.js';
import type { PlanScoreView } from '../contract/plan-score.js';
import type { PlanningOptions, PlanningParts } from './planning.js';
import { RECENT_STEPS, inputsWith, planningFacts } from './planning.js';

/** What a choice of moves is scored by, and the grid of its forecast. */
interface Scoring {
  readonly choices: Choices;
  readonly grid: Grid;
}

/**
 * Scores plans, also with some of their moves left out, by the newest forecast. What it scores by is kept until the forecast, the
 * table, or anything else that a round would plan with is another: an operator who unticks one move after the other waits for it once.
 */
export class PlanScores {
  readonly #parts: PlanningParts;
  readonly #state: { readonly planning: PlanningOptions };
  readonly #scoring = new Kept<Promise<Scoring>>();

  /** @param state read at each question: a reload may change it */
  constructor(parts: PlanningParts, state: { readonly planning: PlanningOptions }) {
    this.#parts = parts;
    this.#state = state;
  }

  /** A plan with some of its moves left out. @throws ERR_NO_FORECAST, ERR_STORE_UNAVAILABLE */
  async scoreOf(plan: Plan, without: readonly ResourceId[]): Promise<PlanScoreView> {
    const { choices, grid } = await this.#current();
    const moves = movesWithout(plan, without);
    const { analysis, impossible, ahead } = choices.score(moves);
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
    const { choices } = await this.#current();
    return wholeAnalysis(choices.score(movesWithout(plan, without)).analysis);
  }

  async #current(): Promise<Scoring> {
    const run = (await this.#parts.metricStore.latestForecast()) ?? fail('ERR_NO_FORECAST');
    const facts = planningFacts(run, this.#parts, this.#state.planning);
    return this.#scoring.of(facts, () => this.#prepare(run));
  }

  /** Of what was measured only what the score looks at is read. */
  async #prepare(run: ForecastRun): Promise<Scoring> {
    const { view, metricStore, clock } = this.#parts;
    const nowMs = clock.realtimeMs();
    const options = this.#state.planning;
    const forecast = new Set(run.block.series.map(({ metric }) => metric));
    const metrics = DIMENSIONS.filter((dimension) => forecast.has(dimension));
    const window = { nowMs, stepMs: options.stepMs, steps: RECENT_STEPS, metrics };
    const loads = await readRecent(metricStore, view, window);
    const inputs = inputsWith(run, loads, this.#parts, options);
    return { choices: new Choices(inputs), grid: inputs.forecast.grid };
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
