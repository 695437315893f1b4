import type { Outlook, PlanAnalysis, ScorePair } from '../../core/plan.js';
import { peakBound } from './bound.js';
import { demandAt, lastDemand } from './demand.js';
import type { PlanningInputs } from './inputs.js';
import type { Demand, Problem } from './problem.js';
import { rounded, roundedDown } from './rounded.js';
import { peaksOf, scoreOf } from './score.js';
import type { Translation } from './translation.js';
import { utilizationOf } from './utilization.js';

/** The outlook lists at most so many servers: those that the plan changes, then the fullest. */
const OUTLOOK_SERVERS_MAX = 100;

/** How good an assignment is: in this world and others, now and later, against the best that can be. */
export function analyse(
  inputs: PlanningInputs,
  translation: Translation,
  assignment: Int32Array,
): Omit<PlanAnalysis, 'stopped' | 'blockers'> {
  const { problem, rows } = translation;
  const { forecast, options } = inputs;
  const { quantiles, grid } = forecast;
  const last = lastDemand(forecast, rows, inputs.last);
  const score = scores(problem, assignment, problem.demand);
  const world = (quantile: number): ScorePair =>
    scores(problem, assignment, demandAt(forecast, rows, quantile));
  const bound = roundedDown(Math.min(peakBound(problem, assignment), score.plan.peak));
  return {
    horizonMs: grid.steps * grid.stepMs,
    quantile: options.quantile,
    target: problem.objective.target,
    score,
    worlds: {
      low: world(Math.min(...quantiles)),
      high: world(Math.max(...quantiles)),
      last: scores(problem, assignment, last),
    },
    bound,
    gap: rounded(score.plan.peak - bound),
    outlook: outlookOf(inputs, problem, { assignment, last }),
  };
}

function scores(problem: Problem, assignment: Int32Array, demand: Demand): ScorePair {
  return {
    nothing: scoreOf(problem, problem.start, demand),
    plan: scoreOf(problem, assignment, demand),
  };
}

function outlookOf(
  { forecast: { grid } }: PlanningInputs,
  problem: Problem,
  { assignment, last }: { readonly assignment: Int32Array; readonly last: Demand },
): Outlook[] {
  const { servers, dimensions, demand, start, perCapacity, roles } = problem;
  const { steps, cells } = demand;
  const now = utilizationOf(problem, last, start);
  const nothing = utilizationOf(problem, demand, start);
  const plan = utilizationOf(problem, demand, assignment);
  const shown = shownServers(problem, assignment, peaksOf(problem, demand, nothing));
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

/** The index of the highest value of a stretch. */
function highestIn(values: Float64Array, from: number, count: number): number {
  let highest = from;
  for (let at = from + 1; at < from + count; at++) {
    if (values[at]! > values[highest]!) highest = at;
  }
  return highest;
}

function shownServers(
  { servers, start }: Problem,
  assignment: Int32Array,
  peaks: Float64Array,
): number[] {
  const isTouched = new Uint8Array(servers.length);
  for (const [resource, server] of assignment.entries()) {
    const home = start[resource]!;
    if (server === home) continue;
    if (server >= 0) isTouched[server] = 1;
    if (home >= 0) isTouched[home] = 1;
  }
  return [...servers.keys()]
    .sort((a, b) => isTouched[b]! - isTouched[a]! || peaks[b]! - peaks[a]! || a - b)
    .slice(0, OUTLOOK_SERVERS_MAX)
    .sort((a, b) => a - b);
}
