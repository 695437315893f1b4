import { z } from 'zod';
import { NOWHERE } from '../problem.js';
import { basesOf } from './from-file.js';
import type { Packing } from './packing.js';
import { isAbove, isMisplaced, usageOf } from './packing.js';
import type { ProblemFile } from './problem-file.js';
import { meanCapacities } from './sizes.js';
import { Tableau } from './tableau.js';

/** Why a resource moves, found by asking what would be if it did not. */
export const moveReasonSchema = z.object({
  /**
   * `place`: it has no server. `leave`: it may not be where it is. `overload`, `soft`: its server would pass its
   * capacity, what it should carry. `room`: others would overfill it. `cost`: no limit, it is cheaper.
   */
  kind: z.enum(['place', 'leave', 'overload', 'soft', 'room', 'cost']),
  server: z.string().nullable(),
  dimension: z.string().nullable(),
  step: z.number().nullable(),
  /**
   * Load there with what is always there: if nothing is done (`room`: with the plan but for this move), with the
   * plan, and allowed.
   */
  before: z.number().nullable(),
  after: z.number().nullable(),
  limit: z.number().nullable(),
  /** What the plan would cost more without this move; null: a limit would be broken, or an earlier aim missed. */
  worth: z.number().nullable(),
  /** Other servers that were tried with the rest as planned. */
  tried: z.object({
    servers: z.number(),
    possible: z.number(),
    /** The cheapest of the possible, and how much dearer it is. */
    next: z.string().nullable(),
    dearer: z.number().nullable(),
  }),
});
export type MoveReason = Readonly<z.output<typeof moveReasonSchema>>;

/** Looks at so many servers for all moves together. */
const LOOKS_MAX = 500_000;
/** An overload that grows by less, in shares of a capacity, is the same. */
const ROUNDING = 1e-9;

export class MoveReasons {
  readonly #file: ProblemFile;
  readonly #packing: Packing;
  readonly #tableau: Tableau;
  readonly #nothing: Float64Array;
  readonly #plan: Float64Array;
  readonly #base: Float64Array;
  readonly #meanCapacities: Float64Array;
  /** Of each server, the first step at which it passes a limit if nothing is done; the end, if it never does. */
  readonly #breaches: Int32Array;
  readonly #looksEach: number;

  constructor(file: ProblemFile, packing: Packing, assignment: Int32Array) {
    this.#file = file;
    this.#packing = packing;
    this.#tableau = new Tableau(packing);
    this.#base = basesOf(file);
    this.#meanCapacities = meanCapacities(packing);
    let moves = 1;
    for (const [resource, server] of assignment.entries()) {
      if (server === packing.start[resource]) continue;
      this.#tableau.move(resource, server);
      moves++;
    }
    this.#nothing = usageOf(packing, packing.start, packing.demand);
    this.#plan = usageOf(packing, assignment, packing.demand);
    this.#breaches = Int32Array.from({ length: packing.servers }, (_hole, server) =>
      this.#breachOf(server),
    );
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
    if (isMisplaced(this.#packing, resource, home)) {
      return { kind: 'leave', server, ...none, tried };
    }
    const worth = this.#isPossible(resource, home) ? this.#tableau.costDelta(resource, home) : null;
    const { kind, cell } = this.#cause(resource, home);
    if (cell === NOWHERE) return { kind, server, ...none, worth, tried };
    const { steps, capacity, soft, cells, demand } = this.#packing;
    const at = home * cells + cell;
    const base = this.#base[at]!;
    const stayed = this.#plan[at]! + demand[resource * cells + cell]!;
    const isHard = kind === 'overload' || (kind === 'room' && isAbove(stayed, capacity[at]!));
    return {
      kind,
      server,
      dimension: this.#file.dimensions[Math.floor(cell / steps)]!.name,
      step: cell % steps,
      before: base + (kind === 'room' ? stayed : this.#nothing[at]!),
      after: base + this.#plan[at]!,
      limit: base + (isHard ? capacity[at]! : soft[at]!),
      worth,
      tried,
    };
  }

  /** The first step at which its server passes a limit if nothing is done; −1: it must leave, or has none. */
  breachStep(resource: number): number {
    const home = this.#packing.start[resource]!;
    return isMisplaced(this.#packing, resource, home) ? -1 : this.#breaches[home]!;
  }

  /** Before its server passes a limit; where it needs least in that time. */
  window(resource: number): { fromMs: number; untilMs: number; cheapestMs: number } {
    const { startMs, stepMs } = this.#file;
    const until = Math.min(this.#packing.steps - 1, Math.max(0, this.breachStep(resource)));
    let cheapest = 0;
    let least = Infinity;
    for (let step = 0; step <= Math.max(0, until - 1); step++) {
      const need = this.#needAt(resource, step);
      if (need >= least) continue;
      least = need;
      cheapest = step;
    }
    const atMs = (step: number): number => startMs + step * stepMs;
    return { fromMs: atMs(0), untilMs: atMs(until), cheapestMs: atMs(cheapest) };
  }

  /** Σ of the shares of a mean server that it needs, over the dimensions. */
  #needAt(resource: number, step: number): number {
    const { steps, cells, demand } = this.#packing;
    let sum = 0;
    for (let cell = step; cell < cells; cell += steps) {
      const mean = this.#meanCapacities[cell]!;
      if (mean > 0) sum += demand[resource * cells + cell]! / mean;
    }
    return sum;
  }

  #breachOf(server: number): number {
    const { steps } = this.#packing;
    for (let step = 0; step < steps; step++) if (this.#passes(server, step)) return step;
    return steps;
  }

  #passes(server: number, step: number): boolean {
    const { cells, steps, soft } = this.#packing;
    for (let at = server * cells + step; at < (server + 1) * cells; at += steps) {
      if (isAbove(this.#nothing[at]!, soft[at]!)) return true;
    }
    return false;
  }

  /** The worst cell of its home that it has a part in. */
  #cause(
    resource: number,
    home: number,
  ): { readonly kind: MoveReason['kind']; readonly cell: number } {
    const { capacity, soft, cells, demand } = this.#packing;
    const before = (at: number): number =>
      this.#nothing[at]! > this.#plan[at]! ? this.#nothing[at]! : 0;
    const over = this.#worst(resource, home, (at) => excess(before(at), capacity[at]!));
    if (over !== NOWHERE) return { kind: 'overload', cell: over };
    const above = this.#worst(resource, home, (at) => excess(before(at), soft[at]!));
    if (above !== NOWHERE) return { kind: 'soft', cell: above };
    const room = this.#worst(resource, home, (at) =>
      excess(this.#plan[at]! + demand[resource * cells + (at % cells)]!, soft[at]!),
    );
    return room === NOWHERE ? { kind: 'cost', cell: NOWHERE } : { kind: 'room', cell: room };
  }

  /** The cell of the server, of those where the resource needs anything, with most above; in shares of a capacity. */
  #worst(resource: number, server: number, aboveAt: (at: number) => number): number {
    const { cells, demand, whole } = this.#packing;
    let worst = NOWHERE;
    let highest = 0;
    for (let cell = 0; cell < cells; cell++) {
      if (!(demand[resource * cells + cell]! > 0)) continue;
      const at = server * cells + cell;
      const size = whole[at]! > 0 && whole[at]! < Infinity ? whole[at]! : 1;
      const share = aboveAt(at) / size;
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
      if (!this.#isPossible(resource, server)) continue;
      possible++;
      const delta = tableau.costDelta(resource, server);
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

  /** There, with the rest as planned, it would break no limit, and none more than the plan does. */
  #isPossible(resource: number, server: number): boolean {
    const tableau = this.#tableau;
    const source = tableau.assignment[resource]!;
    return (
      tableau.canMove(resource, server) &&
      tableau.groups.faultsDelta(resource, source, server) <= 0 &&
      tableau.overDelta(resource, server) <= ROUNDING
    );
  }
}

function excess(load: number, limit: number): number {
  return isAbove(load, limit) ? load - limit : 0;
}
