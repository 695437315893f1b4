import type { ServerId } from '../../core/domain.js';
import { Kept } from '../../core/kept.js';
import type { Outlook, PlanAnalysis, PlanScore, ScorePair } from '../../core/plan.js';
import { misplacedIn, peakBound } from './bound.js';
import { demandAt, lastDemand } from './demand.js';
import type { PlanningInputs } from './inputs.js';
import type { Changed } from './nearby.js';
import { changedBetween } from './nearby.js';
import type { Demand, Problem } from './problem.js';
import { rounded, roundedDown } from './rounded.js';
import { peaksOf, scoreBy, wrongsOf } from './score.js';
import type { Translation } from './translation.js';
import { utilizationOf } from './utilization.js';

/** The outlook lists at most so many servers: those that the plan changes, then the fullest. */
const OUTLOOK_SERVERS_MAX = 100;

export interface Ahead {
  readonly server: ServerId;
  /** The largest of its utilizations at each step, without and with the moves. */
  readonly nothing: readonly number[];
  readonly plan: readonly number[];
}

type Analysed = Omit<PlanAnalysis, 'stopped' | 'blockers'>;

/** One way in which the load may come, and what becomes of it if nothing is done. */
interface World {
  readonly demand: Demand;
  readonly utilization: Float64Array;
  readonly score: PlanScore;
}

/** How good an assignment is: in this world and others, now and later, against the best that can be. */
export function analyse(
  inputs: PlanningInputs,
  translation: Translation,
  assignment: Int32Array,
): Analysed {
  return new Analyst(inputs, translation).analyse(assignment);
}

/**
 * Says how good assignments of one problem are, one after the other: what they have in common is computed once, and of the servers
 * only those that an assignment changes. The answer is that of a whole computation, bit for bit.
 */
export class Analyst {
  readonly #inputs: PlanningInputs;
  readonly #problem: Problem;
  /** At the quantile that is planned for, at the lowest and the highest of the forecast, and as it was last. */
  readonly #planned: World;
  readonly #low: World;
  readonly #high: World;
  readonly #last: World;
  readonly #bound = new Kept<number>();

  constructor(inputs: PlanningInputs, { problem, rows }: Translation) {
    const { forecast, last } = inputs;
    const wrongs = wrongsOf(problem, problem.start);
    const world = (demand: Demand): World => {
      const utilization = utilizationOf(problem, demand, problem.start);
      const judged = { assignment: problem.start, ...wrongs };
      return { demand, utilization, score: scoreBy(problem, judged, demand, utilization) };
    };
    this.#inputs = inputs;
    this.#problem = problem;
    this.#planned = world(problem.demand);
    this.#low = world(
      demandAt(forecast, rows, Math.min(...forecast.quantiles), { known: problem.demand }),
    );
    this.#high = world(
      demandAt(forecast, rows, Math.max(...forecast.quantiles), { known: problem.demand }),
    );
    this.#last = world(lastDemand(forecast, rows, last));
  }

  analyse(assignment: Int32Array): Analysed {
    const { forecast, options } = this.#inputs;
    const problem = this.#problem;
    const changed = changedBetween(problem.servers.length, problem.start, assignment);
    const judged = { assignment, ...wrongsOf(problem, assignment) };
    const pairIn = (
      world: World,
      utilization = utilizationIn(problem, world, assignment, changed),
    ) =>
      ({
        nothing: world.score,
        plan: scoreBy(problem, judged, world.demand, utilization),
      }) satisfies ScorePair;
    const plan = utilizationIn(problem, this.#planned, assignment, changed);
    const score = pairIn(this.#planned, plan);
    const bound = roundedDown(Math.min(this.#boundOf(assignment), score.plan.peak));
    return {
      horizonMs: forecast.grid.steps * forecast.grid.stepMs,
      quantile: options.quantile,
      target: problem.objective.target,
      score,
      worlds: { low: pairIn(this.#low), high: pairIn(this.#high), last: pairIn(this.#last) },
      bound,
      gap: rounded(score.plan.peak - bound),
      outlook: this.#outlookOf(plan, changed),
    };
  }

  /** How full each server that the assignment changes gets at the highest quantile: the largest of its utilizations at each step. */
  ahead(assignment: Int32Array): Ahead[] {
    const problem = this.#problem;
    const changed = changedBetween(problem.servers.length, problem.start, assignment);
    const { demand, utilization: nothing } = this.#high;
    const plan = utilizationIn(problem, this.#high, assignment, changed);
    return [...problem.servers.entries()]
      .filter(([server]) => changed.isChanged[server] === 1)
      .map(([server, id]) => ({
        server: id,
        nothing: fullestOf(nothing, server, demand),
        plan: fullestOf(plan, server, demand),
      }));
  }

  /** What moves between servers where it may be plays no part in it: the last answer nearly always holds. */
  #boundOf(assignment: Int32Array): number {
    const facts = misplacedIn(this.#problem, assignment);
    return this.#bound.of(facts, () => peakBound(this.#problem, assignment));
  }

  #outlookOf(plan: Float64Array, { isChanged }: Changed): Outlook[] {
    const { grid } = this.#inputs.forecast;
    const problem = this.#problem;
    const { servers, dimensions, demand, perCapacity, roles } = problem;
    const { steps, cells } = demand;
    const { utilization: now } = this.#last;
    const { utilization: nothing } = this.#planned;
    const shown = shownServers(isChanged, peaksOf(problem, demand, nothing));
    return shown.flatMap((server) =>
      [...dimensions.entries()].flatMap(([dimension, name]): Outlook[] => {
        const isPlanned = perCapacity[server * dimensions.length + dimension]! > 0;
        if (!isPlanned || roles[server] === 'lost') return [];
        const from = server * cells + dimension * steps;
        const peak = highestIn(nothing, from, steps);
        return [
          {
            server: servers[server]!,
            dimension: name,
            now: rounded(now[server * dimensions.length + dimension]!),
            nothing: rounded(nothing[peak]!),
            plan: rounded(plan[highestIn(plan, from, steps)]!),
            peakAtMs: grid.startMs + (peak - from) * grid.stepMs,
          },
        ];
      }),
    );
  }
}

function utilizationIn(
  problem: Problem,
  { demand, utilization }: World,
  assignment: Int32Array,
  changed: Changed,
): Float64Array {
  return utilizationOf(problem, demand, assignment, { ...changed, utilization });
}

function fullestOf(
  utilization: Float64Array,
  server: number,
  { cells, steps }: Demand,
): readonly number[] {
  return Array.from({ length: steps }, (_, step) => {
    let most = 0;
    for (let at = server * cells + step; at < (server + 1) * cells; at += steps) {
      most = Math.max(most, utilization[at]!);
    }
    return rounded(most);
  });
}

/** The index of the highest value of a stretch. */
function highestIn(values: Float64Array, from: number, count: number): number {
  let highest = from;
  for (let at = from + 1; at < from + count; at++) {
    if (values[at]! > values[highest]!) highest = at;
  }
  return highest;
}

function shownServers(isChanged: Uint8Array, peaks: Float64Array): number[] {
  return [...peaks.keys()]
    .sort((a, b) => isChanged[b]! - isChanged[a]! || peaks[b]! - peaks[a]! || a - b)
    .slice(0, OUTLOOK_SERVERS_MAX)
    .sort((a, b) => a - b);
}
