import type { Reason } from '../../core/plan.js';
import type { Grid } from '../../core/panel.js';
import { Loads } from './loads.js';
import { GroupTally } from './group-tally.js';
import type { Problem } from './problem.js';
import { EPSILON, NOWHERE, nobodyOf } from './problem.js';
import { rounded } from './rounded.js';
import { keptUtilizationOf } from './utilization.js';

/** A change of server, by index. */
export interface Shift {
  readonly resource: number;
  /** `NOWHERE`: it has no server. */
  readonly source: number;
  readonly target: number;
}

/** If nothing is done, and with the plan. */
interface Worlds {
  readonly nothing: Float64Array;
  readonly plan: Float64Array;
  readonly loads: Loads;
  readonly groupsAtStart: GroupTally;
  readonly groupsInPlan: GroupTally;
}

/** Why each shift of a plan is made: found by asking what would be if it were not. */
export class Reasons {
  readonly #problem: Problem;
  readonly #grid: Grid;
  readonly #assignment: Int32Array;
  #worlds: Worlds | undefined;

  constructor(problem: Problem, assignment: Int32Array, grid: Grid) {
    this.#problem = problem;
    this.#grid = grid;
    this.#assignment = assignment;
  }

  /** Made when first asked for: what must move, whatever the loads, never asks. */
  get #judged(): Worlds {
    const problem = this.#problem;
    return (this.#worlds ??= {
      nothing: keptUtilizationOf(problem, problem.demand, problem.start),
      plan: keptUtilizationOf(problem, problem.demand, this.#assignment),
      loads: new Loads(problem, this.#assignment),
      groupsAtStart: new GroupTally(problem.grouping, problem.start),
      groupsInPlan: new GroupTally(problem.grouping, this.#assignment),
    });
  }

  of(shift: Shift): Reason {
    return (
      this.#needed(shift) ??
      this.#mending(shift) ??
      this.#overload(shift) ??
      this.#room(shift) ??
      this.#grouped(shift) ??
      this.#evening(shift)
    );
  }

  #needed({ resource, source, target }: Shift): Reason | undefined {
    const need = this.#problem.needs[resource] ?? null;
    if (need === null) return undefined;
    return this.#plain(need, need === 'place' ? NOWHERE : need === 'pin' ? target : source);
  }

  /** It mends a rule of its group, which without it would be broken as it is. */
  #mending(shift: Shift): Reason | undefined {
    const { resource, source, target } = shift;
    const isMending = this.#judged.groupsAtStart.faultsDelta(resource, source, target) < 0;
    return isMending ? this.#grouped(shift) : undefined;
  }

  /** With the others as planned a rule of its group would be broken if it stayed. */
  #grouped({ resource, source, target }: Shift): Reason | undefined {
    const groups = this.#judged.groupsInPlan;
    if (groups.meets(resource, source)) return this.#plain('apart', source);
    if (groups.faultsDelta(resource, target, source) <= 0) return undefined;
    const isAlone = groups.companyDelta(resource, target, source) > 0;
    return this.#plain(isAlone ? 'company' : 'spread', source);
  }

  /** A reason without a load. @param server `NOWHERE`: none */
  #plain(kind: Reason['kind'], server: number): Reason {
    return {
      kind,
      server: server === NOWHERE ? null : this.#problem.servers[server]!,
      dimension: null,
      atMs: null,
      before: null,
      after: null,
      limit: null,
    };
  }

  /** The source would pass a limit, this resource has its part in it, and the plan takes something off. */
  #overload({ resource, source }: Shift): Reason | undefined {
    const cell = this.#worstCell(source, (at, index) => {
      const without = this.#judged.nothing[at]!;
      const hasPart = this.#isMadeBy(resource, index);
      return hasPart && without > this.#judged.plan[at]! + EPSILON ? without : 0;
    });
    if (cell === NOWHERE) return undefined;
    const at = source * this.#problem.demand.cells + cell;
    const before = this.#judged.nothing[at]!;
    if (before <= this.#problem.objective.target + EPSILON) return undefined;
    return this.#reason('overload', source, { cell, before, limit: this.#limitFor(before) });
  }

  /** Without this shift the others would fill its source beyond a limit. */
  #room({ resource, source }: Shift): Reason | undefined {
    const cell = this.#worstCell(source, (_at, index) => this.#stayed(resource, source, index));
    const before = cell === NOWHERE ? 0 : this.#stayed(resource, source, cell);
    if (before <= this.#problem.objective.target + EPSILON) return undefined;
    return this.#reason('room', source, { cell, before, limit: this.#limitFor(before) });
  }

  /** No limit is in danger: the source becomes emptier, or would become fuller by the other shifts. */
  #evening({ resource, source }: Shift): Reason {
    const { cells } = this.#problem.demand;
    const relieved = this.#worstCell(
      source,
      (at) => this.#judged.nothing[at]! - this.#judged.plan[at]!,
    );
    if (relieved !== NOWHERE) {
      const before = this.#judged.nothing[source * cells + relieved]!;
      return this.#reason('imbalance', source, { cell: relieved, before, limit: null });
    }
    const filled = this.#worstCell(source, (_at, index) => this.#stayed(resource, source, index));
    const before = filled === NOWHERE ? 0 : this.#stayed(resource, source, filled);
    return this.#reason('room', source, { cell: filled, before, limit: null });
  }

  #reason(
    kind: Reason['kind'],
    server: number,
    {
      cell,
      before,
      limit,
    }: { readonly cell: number; readonly before: number; readonly limit: number | null },
  ): Reason {
    const { servers, dimensions, steps, demand } = this.#problem;
    if (cell === NOWHERE) {
      const none = { dimension: null, atMs: null, before: null, after: null, limit: null };
      return { kind, server: servers[server]!, ...none };
    }
    return {
      kind,
      server: servers[server]!,
      dimension: dimensions[Math.floor(cell / steps)]!,
      atMs: this.#grid.startMs + (cell % steps) * this.#grid.stepMs,
      before: rounded(before),
      after: rounded(this.#judged.plan[server * demand.cells + cell]!),
      limit,
    };
  }

  /** The cell of the server where the value is highest; `NOWHERE` if it is nowhere above zero. */
  #worstCell(server: number, value: (at: number, cell: number) => number): number {
    const { cells } = this.#problem.demand;
    let worst = NOWHERE;
    let highest = 0;
    for (let cell = 0; cell < cells; cell++) {
      const candidate = value(server * cells + cell, cell);
      if (candidate <= highest) continue;
      worst = cell;
      highest = candidate;
    }
    return worst;
  }

  /** Utilization with the plan, had the resource stayed. */
  #stayed(resource: number, server: number, cell: number): number {
    return this.#judged.loads.at(server, cell, resource, nobodyOf(this.#problem));
  }

  #isMadeBy(resource: number, cell: number): boolean {
    const { mean, own, common, cells, factors } = this.#problem.demand;
    if (mean[resource * cells + cell]! > 0) return true;
    if (factors < 0) return false;
    if (own[resource * cells + cell]! > 0) return true;
    for (let factor = 0; factor < factors; factor++) {
      if (common[(resource * factors + factor) * cells + cell] !== 0) return true;
    }
    return false;
  }

  #limitFor(utilization: number): number {
    return utilization > 1 + EPSILON ? 1 : this.#problem.objective.target;
  }
}
