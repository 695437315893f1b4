import { Loads } from './loads.js';
import { GroupTally } from './group-tally.js';
import type { Members } from './members.js';
import { membersAt } from './members.js';
import type { Problem } from './problem.js';
import { NOWHERE, isAway, movedBetween } from './problem.js';
import { eveningWeightOf, isMisplaced, misplacedOf } from './score.js';
import type { MoveLimits } from './move-allowance.js';
import { MoveAllowance } from './move-allowance.js';

/**
 * An assignment that a search changes: who is where, what each server costs, what all costs. Changes can be
 * taken back to a mark. `value` is what the search lowers; hard limits are the searcher's to keep.
 */
export class Layout {
  readonly problem: Problem;
  readonly loads: Loads;
  readonly allowance: MoveAllowance;
  readonly groups: GroupTally;
  /** Probes so far: the unit of work. */
  work = 0;
  /** Changes of server so far, those taken back too. */
  changes = 0;

  readonly assignment: Int32Array;
  /** What the square of an overall load costs while `isEvening`; 0: the start is even enough. */
  readonly eveningWeight: number;
  /** The servers are being made even: their levels count. That is the last aim, so a search begins without. */
  isEvening: boolean;
  /** Of each server: overload, pressure, peak, overall load. */
  readonly overloads: Float64Array;
  readonly pressures: Float64Array;
  readonly peaks: Float64Array;
  readonly levels: Float64Array;
  /** Servers in ascending order of their peak. */
  readonly byPeak: Int32Array;
  /** Resources on each server. */
  readonly counts: Int32Array;
  misplaced: number;
  /** Resources on another server than they started on, those that had none not counted. */
  moves = 0;
  movesCost = 0;

  readonly #positions: Int32Array;
  readonly #members: Members;
  readonly #log: number[] = [];
  readonly #away = new Set<number>();

  constructor(problem: Problem, assignment: Int32Array = problem.start) {
    const { servers } = problem;
    this.problem = problem;
    this.assignment = problem.start.slice();
    this.loads = new Loads(problem, problem.start);
    this.allowance = new MoveAllowance(problem.start, servers.length, limitsOf(problem));
    this.groups = new GroupTally(problem.grouping, this.assignment);
    this.overloads = new Float64Array(servers.length);
    this.pressures = new Float64Array(servers.length);
    this.peaks = new Float64Array(servers.length);
    this.levels = new Float64Array(servers.length);
    this.#members = membersAt(problem.start, servers.length);
    this.counts = this.#members.counts;
    this.byPeak = Int32Array.from(servers.keys());
    this.#positions = new Int32Array(servers.length);
    this.misplaced = misplacedOf(problem, problem.start);
    for (const server of servers.keys()) this.#measure(server);
    this.byPeak.sort((a, b) => this.peaks[a]! - this.peaks[b]! || a - b);
    for (const [at, server] of this.byPeak.entries()) this.#positions[server] = at;
    this.eveningWeight = eveningWeightOf(problem, problem.start);
    this.isEvening = this.eveningWeight > 0;
    for (const resource of movedBetween(problem.start, assignment)) {
      this.move(resource, assignment[resource]!);
    }
    this.settle();
  }

  /** Stands for no resource in a probe. */
  get nobody(): number {
    return this.problem.resources.length;
  }

  get overload(): number {
    return sumOf(this.overloads);
  }

  get pressure(): number {
    return sumOf(this.pressures);
  }

  /** Cost of the assignment and of the moves to it: lower is better. */
  get value(): number {
    let cost = this.movesCost + this.misplaced * MISPLACED_WEIGHT;
    for (let server = 0; server < this.peaks.length; server++) cost += this.costOf(server);
    return cost;
  }

  costOf(server: number): number {
    return this.cost(
      this.overloads[server]!,
      this.pressures[server]!,
      this.problem.roles[server] === 'ready' ? this.levels[server]! : 0,
    );
  }

  /** Of one server; its level counts only while the servers are to be made more even. */
  cost(overload: number, pressure: number, level: number): number {
    const evening = this.isEvening ? this.eveningWeight * level * level : 0;
    return overload * this.problem.objective.overloadWeight + pressure + evening;
  }

  /** Probes, and returns what the server would cost. */
  probe(server: number, added: number, removed: number): number {
    this.work++;
    const { loads } = this;
    loads.probe(server, added, removed);
    const isReady = this.problem.roles[server] === 'ready';
    return this.cost(loads.overload, loads.pressure, isReady ? loads.level : 0);
  }

  /** The first resource on a server, then `nextOf` each; `NOWHERE` ends. */
  firstOn(server: number): number {
    return this.#members.firstOn(server);
  }

  nextOf(resource: number): number {
    return this.#members.nextOf(resource);
  }

  /** How many more moves it would be if the resource were on that server. */
  extraMoves(resource: number, server: number): number {
    const home = this.problem.start[resource]!;
    return isAway(home, server) - isAway(home, this.assignment[resource]!);
  }

  /** The fewest more moves that it can be when the resource leaves its server. */
  leastExtraMoves(resource: number): -1 | 0 | 1 {
    const home = this.problem.start[resource]!;
    if (home === NOWHERE) return 0;
    return this.assignment[resource] === home ? 1 : -1;
  }

  /** Those that make up `moves`, in ascending order. */
  movedResources(): number[] {
    return [...this.#away].sort((a, b) => a - b);
  }

  /** So many more moves are within the limit. */
  canAfford(extra: number): boolean {
    return extra <= 0 || this.moves + extra <= this.problem.movesMax;
  }

  move(resource: number, server: number): void {
    const from = this.assignment[resource]!;
    if (from === server) return;
    this.#log.push(resource, from);
    this.#place(resource, from, server);
  }

  mark(): number {
    return this.#log.length;
  }

  /** Moves so far are not taken back any more. */
  settle(): void {
    this.#log.length = 0;
  }

  /** The servers that a resource has left or come to since the mark. */
  touchedSince(mark: number): Set<number> {
    const touched = new Set<number>();
    for (let at = mark; at < this.#log.length; at += 2) {
      touched.add(this.#log[at + 1]!).add(this.assignment[this.#log[at]!]!);
    }
    touched.delete(NOWHERE);
    return touched;
  }

  /** Takes back every move since the mark. */
  rollback(mark: number): void {
    while (this.#log.length > mark) {
      const server = this.#log.pop()!;
      const resource = this.#log.pop()!;
      this.#place(resource, this.assignment[resource]!, server);
    }
  }

  /** The server passes a hard limit. */
  isBroken(server: number): boolean {
    if (this.overloads[server]! <= 0) return false;
    this.probe(server, this.nobody, this.nobody);
    return this.loads.isBroken;
  }

  /** No server does, and no rule of groups is broken that was not at the start. */
  isSound(): boolean {
    return (
      this.groups.isNoWorse() && this.overloads.every((_overload, server) => !this.isBroken(server))
    );
  }

  #place(resource: number, from: number, to: number): void {
    const { problem } = this;
    this.changes++;
    const extra = this.extraMoves(resource, to);
    this.moves += extra;
    if (extra > 0) this.#away.add(resource);
    else if (extra < 0) this.#away.delete(resource);
    this.movesCost += extra * problem.moveCost[resource]!;
    this.misplaced +=
      Number(isMisplaced(problem, resource, to)) - Number(isMisplaced(problem, resource, from));
    this.assignment[resource] = to;
    this.allowance.moved(resource, from, to);
    this.groups.moved(resource, from, to);
    if (from !== NOWHERE) {
      this.#members.leave(resource, from);
      this.loads.remove(resource, from);
      this.#refresh(from);
    }
    if (to !== NOWHERE) {
      this.#members.join(resource, to);
      this.loads.add(resource, to);
      this.#refresh(to);
    }
  }

  #refresh(server: number): void {
    this.#measure(server);
    this.#reorder(server);
  }

  #measure(server: number): void {
    const { loads, nobody } = this;
    loads.probe(server, nobody, nobody);
    this.overloads[server] = loads.overload;
    this.pressures[server] = loads.pressure;
    this.peaks[server] = loads.peak;
    this.levels[server] = loads.level;
  }

  /** Moves the server to its place in `byPeak`; ties go by index, so that the order has one answer. */
  #reorder(server: number): void {
    const { byPeak } = this;
    let at = this.#positions[server]!;
    while (at > 0 && this.#isFuller(byPeak[at - 1]!, server)) {
      this.#put(byPeak[at - 1]!, at);
      at--;
    }
    while (at < byPeak.length - 1 && this.#isFuller(server, byPeak[at + 1]!)) {
      this.#put(byPeak[at + 1]!, at);
      at++;
    }
    this.#put(server, at);
  }

  #put(server: number, at: number): void {
    this.byPeak[at] = server;
    this.#positions[server] = at;
  }

  #isFuller(a: number, b: number): boolean {
    const difference = this.peaks[a]! - this.peaks[b]!;
    return difference > 0 || (difference === 0 && a > b);
  }
}

/** The number of all moves is asked for before anything is probed: `canAfford`. */
function limitsOf({ bytes, bytesMax, serverMovesMax, serverBytesMax }: Problem): MoveLimits {
  return {
    weight: bytes,
    movesMax: Infinity,
    weightMax: bytesMax,
    movesPerServerMax: serverMovesMax,
    weightPerServerMax: serverBytesMax,
  };
}

/** Beyond any sum of the other costs. */
export const MISPLACED_WEIGHT = 1e6;

function sumOf(values: Float64Array): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum;
}
