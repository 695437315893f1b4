import type { Packing, ServerTerm } from './packing.js';
import { NOWHERE } from './packing.js';
import type { ProblemFile } from './problem-file.js';
import { usageOf } from './score.js';
import { Tableau } from './tableau.js';

/** Why a resource moves, found by asking what would be if it did not. */
export interface MoveReason {
  /**
   * `place`: it has no server. `leave`: it may not be where it is. `overload`, `soft`: its server would pass its
   * capacity, what it should carry. `room`: others would overfill it. `cost`: no limit, it is cheaper.
   */
  readonly kind: 'place' | 'leave' | 'overload' | 'soft' | 'room' | 'cost';
  readonly server: string | null;
  readonly dimension: string | null;
  readonly step: number | null;
  /** Load there if nothing is done (`room`: with the plan but for this move), with the plan, and allowed. */
  readonly before: number | null;
  readonly after: number | null;
  readonly limit: number | null;
  /** What the plan would cost more without this move; null: a limit would be broken. */
  readonly worth: number | null;
  /** Other servers that were tried with the rest as planned. */
  readonly tried: {
    readonly servers: number;
    readonly possible: number;
    /** The cheapest of the possible, and how much dearer it is. */
    readonly next: string | null;
    readonly dearer: number | null;
  };
}

/** Looks at so many servers for all moves together. */
const LOOKS_MAX = 500_000;

export class MoveReasons {
  readonly #file: ProblemFile;
  readonly #packing: Packing;
  readonly #tableau: Tableau;
  readonly #nothing: Float64Array;
  readonly #plan: Float64Array;
  readonly #looksEach: number;

  constructor(
    file: ProblemFile,
    packing: Packing,
    {
      assignment,
      term,
    }: { readonly assignment: Int32Array; readonly term: ServerTerm | undefined },
  ) {
    this.#file = file;
    this.#packing = packing;
    this.#tableau = new Tableau(packing, term);
    let moves = 1;
    for (const [resource, server] of assignment.entries()) {
      if (server === packing.start[resource]) continue;
      this.#tableau.move(resource, server);
      moves++;
    }
    this.#nothing = usageOf(packing, packing.start, packing.demand);
    this.#plan = usageOf(packing, assignment, packing.demand);
    this.#looksEach = Math.ceil(LOOKS_MAX / moves);
  }

  of(resource: number): MoveReason {
    const home = this.#packing.start[resource]!;
    const tried = this.#tried(resource);
    const none = {
      dimension: null,
      step: null,
      before: null,
      after: null,
      limit: null,
      worth: null,
    };
    if (home === NOWHERE) return { kind: 'place', server: null, ...none, tried };
    const server = this.#file.servers[home]!.name;
    if (this.#packing.allowed[resource]![home] !== 1)
      return { kind: 'leave', server, ...none, tried };
    const worth = this.#tableau.canMove(resource, home)
      ? this.#tableau.moveDelta(resource, home)
      : null;
    const { kind, cell } = this.#cause(resource, home);
    if (cell === NOWHERE) return { kind, server, ...none, worth, tried };
    const { steps, capacity, soft, cells, demand } = this.#packing;
    const at = home * cells + cell;
    const stayed = this.#plan[at]! + demand[resource * cells + cell]!;
    return {
      kind,
      server,
      dimension: this.#file.dimensions[Math.floor(cell / steps)]!.name,
      step: cell % steps,
      before: kind === 'room' ? stayed : this.#nothing[at]!,
      after: this.#plan[at]!,
      limit:
        this.#nothing[at]! > capacity[at]! || stayed > capacity[at]! ? capacity[at]! : soft[at]!,
      worth,
      tried,
    };
  }

  /** The first step at which its server passes a limit if nothing is done; the end, if it never does. */
  breachStep(resource: number): number {
    const { start, steps } = this.#packing;
    const home = start[resource]!;
    if (home === NOWHERE || this.#packing.allowed[resource]![home] !== 1) return -1;
    for (let step = 0; step < steps; step++) {
      if (this.#passes(home, step)) return step;
    }
    return steps;
  }

  /** Before its server passes a limit; where it needs least in that time. */
  window(resource: number): { fromMs: number; untilMs: number; cheapestMs: number } {
    const { startMs, stepMs } = this.#file;
    const { steps, cells, demand } = this.#packing;
    const until = Math.min(steps - 1, Math.max(0, this.breachStep(resource)));
    const isUrgent = this.breachStep(resource) < 0;
    let cheapest = 0;
    let least = Infinity;
    for (let step = 0; step <= (isUrgent ? 0 : Math.max(0, until - 1)); step++) {
      let sum = 0;
      for (let at = resource * cells + step; at < (resource + 1) * cells; at += steps) {
        sum += demand[at]! / this.#meanCapacity((at - resource * cells - step) / steps);
      }
      if (sum >= least) continue;
      least = sum;
      cheapest = step;
    }
    const atMs = (step: number): number => startMs + step * stepMs;
    return { fromMs: atMs(0), untilMs: atMs(until), cheapestMs: atMs(cheapest) };
  }

  #passes(server: number, step: number): boolean {
    const { cells, steps, soft } = this.#packing;
    for (let at = server * cells + step; at < (server + 1) * cells; at += steps) {
      if (this.#nothing[at]! > soft[at]!) return true;
    }
    return false;
  }

  /** The worst cell of its home that it has a part in. */
  #cause(
    resource: number,
    home: number,
  ): { readonly kind: MoveReason['kind']; readonly cell: number } {
    const { capacity, soft } = this.#packing;
    const nothing = this.#nothing;
    const plan = this.#plan;
    const relieved = (at: number): boolean => nothing[at]! > plan[at]!;
    const over = this.#worst(resource, home, (at) =>
      relieved(at) ? nothing[at]! - capacity[at]! : 0,
    );
    if (over !== NOWHERE) return { kind: 'overload', cell: over };
    const above = this.#worst(resource, home, (at) =>
      relieved(at) ? nothing[at]! - soft[at]! : 0,
    );
    if (above !== NOWHERE) return { kind: 'soft', cell: above };
    const room = this.#worst(resource, home, (at, need) => plan[at]! + need - soft[at]!);
    return room === NOWHERE ? { kind: 'cost', cell: NOWHERE } : { kind: 'room', cell: room };
  }

  #worst(resource: number, home: number, excess: (at: number, need: number) => number): number {
    const { cells, demand, capacity } = this.#packing;
    let worst = NOWHERE;
    let highest = 0;
    for (let cell = 0; cell < cells; cell++) {
      const need = demand[resource * cells + cell]!;
      const at = home * cells + cell;
      const share = need > 0 ? excess(at, need) / Math.max(capacity[at]!, 1e-9) : 0;
      if (share <= highest) continue;
      highest = share;
      worst = cell;
    }
    return worst;
  }

  #tried(resource: number): MoveReason['tried'] {
    const { servers } = this.#packing;
    const tableau = this.#tableau;
    const target = tableau.assignment[resource]!;
    let looked = 0;
    let possible = 0;
    let next = NOWHERE;
    let dearer = Infinity;
    for (let server = 0; server < servers && looked < this.#looksEach; server++) {
      if (server === target) continue;
      looked++;
      if (!tableau.canMove(resource, server)) continue;
      if (tableau.groups.faultsDelta(resource, target, server) > 0) continue;
      possible++;
      const delta = tableau.moveDelta(resource, server);
      if (delta >= dearer) continue;
      dearer = delta;
      next = server;
    }
    return {
      servers: looked,
      possible,
      next: next === NOWHERE ? null : this.#file.servers[next]!.name,
      dearer: next === NOWHERE ? null : dearer,
    };
  }

  #meanCapacity(dimension: number): number {
    const { servers, cells, steps, capacity } = this.#packing;
    let sum = 0;
    for (let server = 0; server < servers; server++) {
      const limit = capacity[server * cells + dimension * steps]!;
      if (limit < Infinity) sum += Math.max(0, limit);
    }
    return sum > 0 ? sum / servers : Infinity;
  }
}
