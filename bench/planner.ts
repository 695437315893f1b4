/**
 * How fast and how good plans are: CPU seconds of one thread by the process's own accounting.
 * `npm run bench -- planner --roadef DIR --best-known CSV [--seconds 60] [--only a1_1,a1_2] [--seeds 5] [--out JSON]`
 * plans the instances of the ROADEF/EURO challenge 2012 that are in DIR and compares with the best known; with
 * several seeds an instance has the median, and the worst beside it.
 * `npm run bench -- planner --made-up CSV …` makes up instances of the shapes in that table, and says how far above the
 * lower bound each ends.
 * `npm run bench -- planner [--sizes 1000x40x4x24,10000x200x4x24] [--seeds 5] [--seconds 10] [--spread 0]`
 * A size is resources x servers x dimensions x steps. For each size and seed:
 *   first   – to the first plan without overload, at the default target of 0.8: seconds, overload left, share moved
 *   tight   – peak ÷ bound after `--seconds`, aimed at 1.017 x the bound; moves ÷ the counted minimum for 1.02 x.
 *             `replanned`: the same with 1 % of the demand changed; `warm`: from the former plan, by plain steps
 *   planFor – seconds of the whole answer at the defaults, with reasons, standbys and analysis
 *   failure – a server is lost: milliseconds to the first answer (median and worst of 20), resources that it places and
 *             leaves, servers that it fills beyond a limit
 */
import { join } from 'node:path';
import type { ServerId } from '../core/domain.js';
import type { PlannerOptions, PlanningInputs } from '../forecaster/planner/inputs.js';
import { SeededRng, between, chance } from '../core/rng.js';
import { peakBound } from '../forecaster/planner/bound.js';
import { planFor, planned, translatedBy } from '../forecaster/planner/planner.js';
import type { Rescue } from '../forecaster/planner/rescue.js';
import { rescueFor } from '../forecaster/planner/rescue.js';
import type { Demand, Problem } from '../forecaster/planner/problem.js';
import { peaksOf, scoreOf } from '../forecaster/planner/score.js';
import type { Solution } from '../forecaster/planner/search.js';
import { first, plan } from '../forecaster/planner/search.js';
import { relieved } from '../forecaster/planner/solved.js';
import { translate } from '../forecaster/planner/translation.js';
import { utilizationOf } from '../forecaster/planner/utilization.js';
import { cpuSeconds, recentCpuSeconds } from './cpu-seconds.js';
import type { HorizonShape } from './horizon-problem.js';
import { horizonInputs } from './horizon-problem.js';
import { withInputs } from './inputs.js';
import { roadef } from './planner-roadef.js';

const UNLIMITED = 2 ** 31 - 1;
/** Of the bound: what the peak may be, and what is planned for. What is not worth a move lies between the two. */
const PEAK_SHARE_MAX = 1.02;
const TARGET_SHARE = 1.017;
/** Servers are lost where the others can take what they had: the mean of the fullest dimension. */
const FAILURE_FILL = 0.55;
/** Answers that count, and before them those of a process that was never asked. */
const FAILURES = 20;
const WARM_UP = 5;
const FREE: Partial<PlannerOptions> = { movesMax: UNLIMITED, workUnits: UNLIMITED };

function option(name: string, fallback: string): string {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? fallback : (process.argv[at + 1] ?? fallback);
}

function timed<T>(work: () => T): Timed<T> {
  const from = cpuSeconds();
  const result = work();
  return { result, seconds: cpuSeconds() - from };
}

function movedShare({ start }: Problem, assignment: Int32Array): number {
  const moved = assignment.reduce(
    (count, server, resource) => count + (server === start[resource] ? 0 : 1),
    0,
  );
  return moved / start.length;
}

/** At least so many resources must leave their servers for every cell to come below the limit. */
function countedMinimum(problem: Problem, limit: number): number {
  const { servers, start, demand, perCapacity, dimensions } = problem;
  const utilization = utilizationOf(problem, demand, start);
  let sum = 0;
  for (const server of servers.keys()) {
    const residents = [...start.keys()].filter((resource) => start[resource] === server);
    let most = 0;
    for (let cell = 0; cell < demand.cells; cell++) {
      let excess = utilization[server * demand.cells + cell]! - limit;
      const per = perCapacity[server * dimensions.length + Math.floor(cell / demand.steps)]!;
      const loads = residents
        .map((resource) => demand.mean[resource * demand.cells + cell]! * per)
        .sort((a, b) => b - a);
      let count = 0;
      while (excess > 0) excess -= loads[count++] ?? Infinity;
      most = Math.max(most, count);
    }
    sum += most;
  }
  return sum;
}

function firstPlan(shape: HorizonShape): object {
  const inputs = horizonInputs(shape, FREE);
  const { problem } = translate(inputs);
  const options = { workUnits: UNLIMITED, seed: 1 };
  const { result: assignment, seconds } = timed(() => {
    const begun = plan(problem, options).next().value as Solution;
    return relieved(problem, begun.assignment, { ...options, planner: inputs.options });
  });
  return {
    before: scoreOf(problem, problem.start).peak,
    seconds,
    overload: scoreOf(problem, assignment).overload,
    movedShare: movedShare(problem, assignment),
  };
}

/** Down to little more than the bound; then again after some of the demand changed, anew and from that plan. */
function tightPlan(shape: HorizonShape, secondsMax: number): object {
  const loose = translate(horizonInputs(shape, FREE)).problem;
  const problem = tight(loose);
  const cold = coldPlan(problem, secondsMax);
  const changed = tight({ ...loose, demand: withChanges(loose.demand, shape) });
  const again = coldPlan(changed, secondsMax);
  const warm = timed(() =>
    first(changed, { workUnits: UNLIMITED, seed: shape.seed, wanted: cold.result }),
  );
  return {
    ...judged(problem, cold),
    replanned: judged(changed, again),
    warm: judged(changed, { ...warm, result: warm.result.assignment }),
    warmToCold: warm.seconds / again.seconds,
  };
}

interface Timed<T> {
  readonly result: T;
  readonly seconds: number;
}

function tight(loose: Problem): Problem {
  const target = peakBound(loose, loose.start) * TARGET_SHARE;
  return {
    ...loose,
    objective: { ...loose.objective, target },
    moveCost: loose.moveCost.map(() => 1e-7),
  };
}

function coldPlan(problem: Problem, secondsMax: number): Timed<Int32Array> {
  const from = cpuSeconds();
  const recent = recentCpuSeconds();
  const search = plan(problem, {
    workUnits: UNLIMITED,
    seed: 1,
    timeShare: () => (recent() - from) / secondsMax,
  });
  let found: Solution | undefined;
  for (const solution of search) found = solution;
  return { result: found!.assignment, seconds: cpuSeconds() - from };
}

function judged(problem: Problem, { result, seconds }: Timed<Int32Array>): object {
  const bound = peakBound(problem, problem.start);
  const minimum = countedMinimum(problem, bound * PEAK_SHARE_MAX);
  return {
    bound,
    peakToBound: scoreOf(problem, result).peak / bound,
    seconds,
    movedShare: movedShare(problem, result),
    movesToMinimum: (movedShare(problem, result) * problem.start.length) / minimum,
  };
}

/** One resource in a hundred needs another share of what it did, between half and half as much again. */
function withChanges(demand: Demand, { seed }: HorizonShape): Demand {
  const rng = new SeededRng(seed);
  const mean = Float32Array.from(demand.mean);
  const { cells } = demand;
  for (let row = 0; row < mean.length / cells - 1; row++) {
    if (!chance(rng, 0.01)) continue;
    const factor = between(rng, 0.5, 1.5);
    for (let at = row * cells; at < (row + 1) * cells; at++) mean[at]! *= factor;
  }
  return { ...demand, mean };
}

function wholeAnswer(shape: HorizonShape): object {
  const inputs = horizonInputs(shape, {});
  const { result, seconds } = timed(() => planFor(inputs));
  return {
    seconds,
    moves: result.plan?.batches.reduce((sum, { moves }) => sum + moves.length, 0) ?? 0,
    stopped: result.plan?.analysis.stopped ?? result.none?.why,
  };
}

/** One server after the other is lost, alone, after a plan: the analysis knows what that began with. */
function failure(shape: HorizonShape): object {
  const inputs = horizonInputs({ ...shape, fill: FAILURE_FILL }, {});
  const before = translatedBy(planned(inputs));
  const milliseconds: number[] = [];
  let placed = 0;
  let left = 0;
  let broken = 0;
  for (let at = 0; at < FAILURES + WARM_UP; at++) {
    const { id } = inputs.servers[at % inputs.servers.length]!;
    const after = withLost(inputs, id);
    const { result, seconds } = timed(() => rescueFor(after, before));
    if (at < WARM_UP) continue;
    milliseconds.push(seconds * 1000);
    placed += result.batches.reduce((sum, { moves }) => sum + moves.length, 0);
    left += result.left.length;
    broken += newlyBroken(after, result);
  }
  milliseconds.sort((a, b) => a - b);
  return {
    medianMs: milliseconds[FAILURES / 2],
    worstMs: milliseconds.at(-1),
    placed,
    left,
    broken,
  };
}

function withLost(inputs: PlanningInputs, lost: ServerId): PlanningInputs {
  return {
    ...inputs,
    servers: inputs.servers.map((server) =>
      server.id === lost ? { ...server, state: 'lost' } : server,
    ),
  };
}

/** Servers that pass their capacity and did not before. */
function newlyBroken(inputs: PlanningInputs, { batches }: Rescue): number {
  const { problem } = translate(inputs);
  const target = new Map(
    batches.flatMap(({ moves }) => moves.map((move) => [move.resource, move.target] as const)),
  );
  const servers = new Map(problem.servers.map((id, index) => [id, index]));
  const assignment = problem.start.map((server, resource) => {
    const moved = target.get(problem.resources[resource]!);
    return moved === undefined ? server : servers.get(moved)!;
  });
  const peaks = (where: Int32Array): Float64Array =>
    peaksOf(problem, problem.demand, utilizationOf(problem, problem.demand, where));
  const before = peaks(problem.start);
  return peaks(assignment).filter((peak, server) => peak > Math.max(1, before[server]!) + 1e-5)
    .length;
}

const seeds = Number(option('seeds', '5'));
const secondsMax = Number(option('seconds', '10'));
if (process.argv.includes('--roadef') || process.argv.includes('--made-up')) {
  const directory = option('roadef', '');
  const bestKnown = option('best-known', join(directory, 'best-known.csv'));
  const options = {
    from: directory === '' ? { shapes: option('made-up', '') } : { directory, bestKnown },
    seconds: Number(option('seconds', '60')),
    only: option('only', '')
      .split(',')
      .filter((name) => name !== ''),
    seeds: Number(option('seeds', '1')),
    out: option('out', ''),
  };
  await withInputs(() => roadef(options));
} else {
  horizons();
}

function horizons(): void {
  for (const size of option('sizes', '1000x40x4x24,10000x200x4x24').split(',')) {
    const [resources = 0, servers = 0, dimensions = 0, steps = 0] = size.split('x').map(Number);
    for (let seed = 1; seed <= seeds; seed++) {
      const spread = Number(option('spread', '0'));
      const shape = { resources, servers, dimensions, steps, fill: 0.65, spread, seed };
      const line = {
        size,
        seed,
        first: firstPlan(shape),
        tight: tightPlan(shape, secondsMax),
        planFor: wholeAnswer(shape),
        failure: failure(shape),
        rssMiB: Math.round(process.memoryUsage().rss / 2 ** 20),
      };
      process.stdout.write(
        `${JSON.stringify(line, (_key, value: unknown) => (typeof value === 'number' ? Number(value.toPrecision(4)) : value))}\n`,
      );
    }
  }
}
