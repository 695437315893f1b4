import type { Dimension, ResourceId, ServerId } from '../../core/domain.js';
import type { Disproved, NoPlan, PlannedMove } from '../../core/plan.js';
import type { PlanningInputs, PlanningServer } from './inputs.js';
import { Loads } from './loads.js';
import { GroupTally } from './group-tally.js';
import { peakDemandOf } from './planned-move.js';
import { coolingUntilMs } from './places.js';
import type { Planned } from './planner.js';
import { EPSILON, nobodyOf } from './problem.js';
import { rounded } from './rounded.js';
import type { Solved } from './solved.js';

/** Why a resource is where it is, whether it should move, and what speaks for and against each server. */
export interface Explanation {
  readonly resource: ResourceId;
  /** Of which moment all of this is, epoch milliseconds. */
  readonly plannedAtMs: number;
  readonly server: ServerId | null;
  /** `stuck`: it should leave its server, or has none, and no move is possible. */
  readonly verdict: 'stays' | 'moves' | 'under-way' | 'stuck';
  readonly move: PlannedMove | null;
  /** Why there is no plan at all, if there is none. */
  readonly none: NoPlan | null;
  readonly pinned: ServerId | null;
  /** When its rest after the last move ends, epoch milliseconds; null: it does not rest. */
  readonly coolingUntilMs: number | null;
  /** Its own predicted peak, by dimension, in the dimension's unit. */
  readonly demand: PlannedMove['demand'];
  /** Of the forecasts that this is planned by. */
  readonly disproved: readonly Disproved[];
  /** Where it will be comes first, then the others, the emptier first. */
  readonly fits: readonly Fit[];
}

export interface Fit {
  readonly server: ServerId;
  /** `best`: where the planner wants it. */
  readonly fit: 'best' | 'yes' | 'no';
  readonly why: FitReason;
  readonly state: PlanningServer['state'];
  /** The fullest that the server would get with it, the rest as planned; null if nothing is planned for. */
  readonly peak: Peak | null;
}

export type FitReason =
  | 'here'
  | 'target'
  | 'room'
  /** It would pass the target, not the capacity. */
  | 'above-target'
  | 'over-capacity'
  | 'not-ready'
  | 'not-eligible'
  | 'pinned-elsewhere'
  /** A rule of its group forbids it. */
  | 'group'
  | 'spare';

export interface Peak {
  readonly dimension: Dimension;
  /** Epoch milliseconds. */
  readonly atMs: number;
  readonly utilization: number;
}

/** Explains one resource after the other by what was planned: what all have in common is made once. */
export class Explainer {
  readonly #planned: Planned;
  readonly #indexOf: ReadonlyMap<ResourceId, number>;
  readonly #moveOf: ReadonlyMap<ResourceId, PlannedMove>;
  readonly #loads: Loads;
  readonly #groups: GroupTally;

  constructor(planned: Planned) {
    const { solved, outcome } = planned;
    const { problem } = solved.translation;
    const moves = outcome.batches.flatMap((batch) => batch.moves);
    this.#planned = planned;
    this.#indexOf = new Map(problem.resources.map((id, index) => [id, index]));
    // A resource that moves twice is told of once, of the first.
    this.#moveOf = new Map(moves.reverse().map((move) => [move.resource, move]));
    this.#loads = new Loads(problem, solved.assignment);
    this.#groups = new GroupTally(problem.grouping, solved.assignment);
  }

  /** Undefined: there is none of that name. */
  of(resource: ResourceId): Explanation | undefined {
    const { inputs, solved, outcome } = this.#planned;
    const { translation } = solved;
    const index = this.#indexOf.get(resource);
    if (index === undefined) return undefined;
    const move = this.#moveOf.get(resource) ?? null;
    const facts = translation.resources[index]!;
    return {
      resource,
      plannedAtMs: inputs.nowMs,
      server: facts.server,
      verdict: verdictOf(solved, index, move !== null),
      move,
      none: outcome.none,
      pinned: facts.pinned,
      coolingUntilMs: coolingUntilMs(facts, inputs),
      demand: peakDemandOf(index, translation),
      disproved: inputs.disproved,
      fits: this.#fitsOf(index),
    };
  }

  #fitsOf(resource: number): Fit[] {
    const { inputs, solved } = this.#planned;
    const { translation, assignment } = solved;
    const { problem, servers } = translation;
    const [loads, groups] = [this.#loads, this.#groups];
    const home = assignment[resource]!;
    const fits = servers.map(({ id, state }, server): Fit => {
      const added = server === home ? nobodyOf(problem) : resource;
      const why = fitReason(solved, { loads, groups, resource, server });
      const isBest = why === 'here' || why === 'target';
      const isPossible = why === 'room' || why === 'above-target';
      return {
        server: id,
        fit: isBest ? 'best' : isPossible ? 'yes' : 'no',
        why,
        state,
        peak: state === 'lost' ? null : peakOf(inputs, solved, { loads, server, added }),
      };
    });
    const rank = { best: 0, yes: 1, no: 2 } as const;
    return fits.sort(
      (a, b) =>
        rank[a.fit] - rank[b.fit] || (a.peak?.utilization ?? 0) - (b.peak?.utilization ?? 0),
    );
  }
}

function verdictOf(
  { translation: { problem, resources }, assignment }: Solved,
  resource: number,
  isMoved: boolean,
): Explanation['verdict'] {
  if (isMoved) return 'moves';
  if (resources[resource]!.movingTo !== null) return 'under-way';
  const isWell = problem.allowed[resource]!.mask[assignment[resource]!] === 1;
  return isWell ? 'stays' : 'stuck';
}

function fitReason(
  { translation, assignment }: Solved,
  {
    loads,
    groups,
    resource,
    server,
  }: {
    readonly loads: Loads;
    readonly groups: GroupTally;
    readonly resource: number;
    readonly server: number;
  },
): FitReason {
  const { problem, resources, servers } = translation;
  if (assignment[resource] === server) {
    return problem.start[resource] === server ? 'here' : 'target';
  }
  const { eligible, pinned } = resources[resource]!;
  const { id, state, spare } = servers[server]!;
  if (state !== 'ready') return 'not-ready';
  if (!eligible.includes(id)) return 'not-eligible';
  if (pinned !== null && pinned !== id) return 'pinned-elsewhere';
  const source = assignment[resource]!;
  if (groups.meets(resource, server) || groups.faultsDelta(resource, source, server) > 0) {
    return 'group';
  }
  loads.probe(server, resource, nobodyOf(problem));
  if (loads.isBroken) return 'over-capacity';
  if (spare) return 'spare';
  return loads.pressure > EPSILON ? 'above-target' : 'room';
}

function peakOf(
  { forecast: { grid } }: PlanningInputs,
  { translation: { problem } }: Solved,
  {
    loads,
    server,
    added,
  }: { readonly loads: Loads; readonly server: number; readonly added: number },
): Peak | null {
  const { demand, dimensions } = problem;
  let peak: Peak | null = null;
  for (let cell = 0; cell < demand.cells; cell++) {
    const utilization = loads.at(server, cell, added, nobodyOf(problem));
    if (peak !== null && utilization <= peak.utilization) continue;
    const step = cell % demand.steps;
    peak = {
      dimension: dimensions[(cell - step) / demand.steps]!,
      atMs: grid.startMs + step * grid.stepMs,
      utilization: rounded(utilization),
    };
  }
  return peak;
}
