import type { ResourceId, ServerId } from '../../../core/domain.js';
import { isSameGeneration } from '../../../core/generation.js';
import type { PlanScore, PlannedMove } from '../../../core/plan.js';
import { isNeeded } from '../../../core/plan.js';
import type {
  PlanningInputs,
  PlanningResource,
  PlanningResult,
  Standbys,
} from '../../../forecaster/planner/inputs.js';
import type { Where } from './reference.js';
import { Reference } from './reference.js';

/** Loads are single-precision numbers. */
const TOLERANCE = 1e-5;
const NEEDED = new Set(['place', 'lost', 'drain', 'pin']);

/** Everything that is wrong with a planner's answer, in words; empty: nothing. Written from the definition. */
export function faultsOf(inputs: PlanningInputs, result: PlanningResult): string[] {
  return new Checker(inputs, result).run();
}

class Checker {
  readonly #reference: Reference;
  readonly #inputs: PlanningInputs;
  readonly #result: PlanningResult;
  readonly #moves: readonly PlannedMove[];
  readonly #start: Where;
  readonly #end: Where;
  readonly #before: PlanScore;
  readonly #after: PlanScore;
  readonly #faults: string[] = [];

  constructor(inputs: PlanningInputs, result: PlanningResult) {
    this.#inputs = inputs;
    this.#result = result;
    this.#reference = new Reference(inputs);
    this.#moves = result.plan?.batches.flatMap(({ moves }) => moves) ?? [];
    this.#start = this.#reference.start();
    this.#end = after(this.#start, this.#moves);
    this.#before = this.#reference.score(this.#start);
    this.#after = this.#reference.score(this.#end);
  }

  run(): string[] {
    const { plan, none } = this.#result;
    this.#expect((plan === null) !== (none === null), 'a plan or a reason, not both');
    for (const move of this.#moves) this.#checkMove(move);
    this.#checkCounts();
    this.#checkBytes();
    this.#checkPrefixes();
    this.#checkOrderOfAims();
    for (const move of this.#moves) this.#checkWorth(move);
    for (const move of this.#moves) this.#checkReason(move);
    for (const move of this.#moves) this.#checkWindow(move);
    this.#checkAnalysis();
    this.#checkStandbys(this.#result.standbys, this.#end);
    this.#checkStandbys(this.#result.standing, this.#standing());
    this.#checkNone();
    return this.#faults;
  }

  #checkMove(move: PlannedMove): void {
    const { resource: id, source, target, since } = move;
    const resource = this.#resource(id);
    const name = `${id} to ${target}`;
    this.#expect(source === resource.server, `${name}: from ${source}, is on ${resource.server}`);
    this.#expect(target !== source, `${name}: it is there`);
    const isSame =
      since === null ? resource.since === null : isSameGeneration(since, resource.since!);
    this.#expect(isSame, `${name}: on another generation`);
    this.#expect(this.#reference.allowed(id).includes(target), `${name}: it may not be there`);
    this.#expect(resource.movingTo === null, `${name}: is under way already`);
    if (NEEDED.has(move.reason.kind)) {
      this.#expect(this.#reference.isMisplaced(id, this.#start), `${name}: was well placed`);
    } else {
      this.#expect(this.#inputs.restraint === null, `${name}: only needed moves are allowed`);
      this.#expect(resource.pinned === null, `${name}: it is pinned`);
    }
  }

  #checkCounts(): void {
    const {
      movesMax,
      movesPerServerMax = Infinity,
      movesPerHourMax = Infinity,
      batchMovesMax,
      unservedBatchMovesMax,
    } = this.#inputs.options;
    const names = new Set(this.#moves.map(({ resource }) => resource));
    this.#expect(names.size === this.#moves.length, 'a resource moves twice');
    const moved = this.#moves.filter(({ resource }) => this.#start.has(resource));
    this.#expect(moved.length <= movesMax, `${moved.length} moves, ${movesMax} allowed`);
    const hourMax = Math.max(0, movesPerHourMax - this.#movedInTheHour().length);
    this.#expect(moved.length <= hourMax, `${moved.length} moves, ${hourMax} left of the hour`);
    for (const { id } of this.#inputs.servers) {
      const touching = moved.filter(
        ({ resource, target }) => target === id || this.#start.get(resource) === id,
      );
      const count = `${touching.length} moves from or to ${id}`;
      this.#expect(touching.length <= movesPerServerMax, `${count}, ${movesPerServerMax} allowed`);
    }
    for (const { moves } of this.#result.plan?.batches ?? []) {
      const isUnserved = moves.every(({ reason: { kind } }) => kind === 'lost' || kind === 'place');
      const isToOne = new Set(moves.map(({ target }) => target)).size === 1;
      // What needs one another goes together, too.
      const most = Math.max(batchMovesMax, isUnserved && isToOne ? unservedBatchMovesMax : 0);
      this.#expect(moves.length <= most, `a batch of ${moves.length}`);
    }
  }

  #checkBytes(): void {
    const { options, forecast, last } = this.#inputs;
    const { bytesMax, bytesPerServerMax, bytesPerHourMax } = options;
    const bytesOf = (resource: string): number => {
      const at = forecast.series.findIndex(
        ({ subject, id, metric }) =>
          subject === 'resource' && id === resource && metric === 'memory',
      );
      const bytes = at < 0 ? 0 : last[at]!;
      return Number.isNaN(bytes) ? 0 : bytes;
    };
    const sumOf = (moves: readonly { readonly resource: string }[]): number =>
      moves.reduce((sum, { resource }) => sum + bytesOf(resource), 0);
    const expectWithin = (what: string, bytes: number, most = Infinity): void => {
      this.#expect(bytes <= most + 1, `${bytes} bytes ${what}, ${most} allowed`);
    };
    const moved = this.#moves.filter(({ resource }) => this.#start.has(resource));
    const before = sumOf(this.#movedInTheHour().map(({ id }) => ({ resource: id })));
    expectWithin('in all', sumOf(moved), bytesMax);
    if (moved.length > 0 && sumOf(moved) > 0) {
      expectWithin(
        'in an hour',
        sumOf(moved) + Math.min(before, bytesPerHourMax ?? 0),
        bytesPerHourMax,
      );
    }
    for (const { id } of this.#inputs.servers) {
      const touching = moved.filter(
        ({ resource, target }) => target === id || this.#start.get(resource) === id,
      );
      expectWithin(`from or to ${id}`, sumOf(touching), bytesPerServerMax);
    }
  }

  #movedInTheHour(): readonly PlanningResource[] {
    return this.#inputs.resources.filter(
      (resource) => resource.movingTo !== null || this.#isMovedWithin(3_600_000, resource),
    );
  }

  /** A date that is minutes in the future is of a clock that was set back since. */
  #isMovedWithin(ms: number, { movedAtMs }: PlanningResource): boolean {
    const agoMs = this.#inputs.nowMs - (movedAtMs ?? -Infinity);
    return agoMs < ms && agoMs >= -60_000;
  }

  /** After each batch no limit is passed that is passed neither at the start nor at the end. */
  #checkPrefixes(): void {
    let where = this.#start;
    for (const [index, { moves }] of (this.#result.plan?.batches ?? []).entries()) {
      where = after(where, moves);
      const cells = this.#broken(where, [this.#start, this.#end]);
      this.#expect(cells.length === 0, `after batch ${index}: ${cells.join()}`);
      const faults = this.#newFaults(where);
      this.#expect(faults.length === 0, `after batch ${index}: ${faults.join()}`);
    }
    // Only what nobody would serve otherwise may overload a server.
    const taking = new Set(
      this.#moves
        .filter(({ reason: { kind } }) => kind === 'place' || kind === 'lost')
        .map(({ target }) => target),
    );
    const broken = this.#broken(this.#end, [this.#start]);
    const unexplained = broken.filter((cell) => !taking.has(cell.split(' ')[0] as ServerId));
    this.#expect(unexplained.length === 0, `over capacity: ${unexplained.join()}`);
  }

  #checkOrderOfAims(): void {
    const aims = ['misplaced', 'faults', 'overload', 'pressure', 'unevenness'] as const;
    for (const aim of aims) {
      const change = this.#after[aim] - this.#before[aim];
      if (change < -TOLERANCE) return;
      if (aim === 'unevenness' && !this.#isUneven()) return;
      this.#expect(change <= TOLERANCE, `${aim} grew by ${change}`);
    }
  }

  /** Without any one move a limit is passed, or the cost is higher. */
  #checkWorth(move: PlannedMove): void {
    if (NEEDED.has(move.reason.kind)) return;
    const { resource: id, source } = move;
    const without = new Map(this.#end).set(id, source!);
    const isNeeded =
      this.#broken(without, [this.#start, this.#end]).length > 0 ||
      this.#reference.faults(without).length > this.#after.faults;
    const score = this.#reference.score(without);
    const name = `${id} to ${move.target}`;
    const isNoWorse =
      this.#cost(score) <= this.#cost(this.#after) + 1e-9 &&
      score.overload <= this.#after.overload + 1e-9 &&
      score.pressure <= this.#after.pressure + 1e-9;
    this.#expect(isNeeded || !isNoWorse, `${name} gains nothing`);
    const isSpare = this.#reference.server(move.target).spare;
    if (!isSpare && !this.#isCooling(this.#resource(id))) return;
    const isLastResort = isNeeded || score.overload > this.#after.overload;
    this.#expect(isLastResort, `${name}: only to take away overload`);
  }

  #checkReason({ resource: id, source, target, reason }: PlannedMove): void {
    const { kind, server, dimension, atMs, before, after: then, limit } = reason;
    const name = `reason of ${id} to ${target}`;
    if (NEEDED.has(kind)) {
      const { state } = source === null ? { state: null } : this.#reference.server(source);
      const pin = this.#resource(id).pinned;
      const isTrue =
        (kind === 'place' && source === null) ||
        (kind === 'lost' && state === 'lost') ||
        (kind === 'pin' && pin === target) ||
        (kind === 'drain' && state !== 'lost' && !this.#eligibleReady(id).includes(source!));
      this.#expect(isTrue, `${name}: not ${kind}`);
      return;
    }
    this.#expect(server === source, `${name}: about another server`);
    if (kind === 'apart' || kind === 'spread' || kind === 'company') {
      const back = new Map(this.#end).set(id, source!);
      const isTrue = this.#reference.faults(back).length > this.#after.faults;
      this.#expect(isTrue, `${name}: not ${kind}`);
      return;
    }
    if (dimension === null || atMs === null || before === null || then === null) {
      this.#fault(`${name}: says nothing`);
      return;
    }
    const { startMs, stepMs } = this.#inputs.forecast.grid;
    const cell = { dimension, step: (atMs - startMs) / stepMs };
    const at = (where: Where): number => this.#reference.utilization(server!, cell, where);
    const stayed = new Map(this.#end).set(id, source!);
    this.#near(`${name}: before`, before, at(kind === 'room' ? stayed : this.#start));
    this.#near(`${name}: after`, then, at(this.#end));
    this.#expect(then < before + TOLERANCE, `${name}: nothing gets better`);
    if (kind === 'overload') {
      const soft = this.#reference.target();
      this.#expect(limit === 1 || Math.abs(limit! - soft) < 1e-9, `${name}: no such limit`);
      this.#expect(before > limit!, `${name}: no limit was passed`);
    }
  }

  /** From now, before its source passes a limit, at one of the moments when the resource needs least. */
  #checkWindow({ resource: id, source, target, reason, window }: PlannedMove): void {
    const name = `window of ${id} to ${target}`;
    const { nowMs, forecast } = this.#inputs;
    const { startMs, stepMs, steps } = forecast.grid;
    if (window === undefined) {
      this.#fault(`${name}: none`);
      return;
    }
    const { fromMs, untilMs, cheapestMs } = window;
    this.#expect(fromMs === nowMs, `${name}: from ${fromMs}`);
    this.#expect(cheapestMs >= fromMs && cheapestMs <= untilMs, `${name}: not within itself`);
    const isForLoad = ['overload', 'room', 'imbalance'].includes(reason.kind);
    if (!isForLoad || source === null) {
      this.#expect(untilMs === nowMs, `${name}: what is needed waits`);
      return;
    }
    const limit = this.#reference.target() + TOLERANCE;
    const over = Array.from({ length: steps }, (_hole, step) =>
      this.#reference.dimensions.some(
        (dimension) =>
          this.#reference.utilization(source, { dimension, step }, this.#start) > limit,
      ),
    );
    const breach = over.includes(true) ? over.indexOf(true) : steps - 1;
    // A load that is at the limit to the last digit may be seen as above it, or not.
    this.#expect(untilMs <= Math.max(nowMs, startMs + breach * stepMs), `${name}: too late`);
    const before = Math.max(1, Math.round((untilMs - startMs) / stepMs));
    const needs = Array.from({ length: before }, (_hole, step) => this.#reference.needAt(id, step));
    const chosen = needs[Math.round((cheapestMs - startMs) / stepMs)]!;
    this.#expect(chosen <= 1.1 * Math.min(...needs) + TOLERANCE, `${name}: not the cheapest`);
  }

  #checkAnalysis(): void {
    const { plan } = this.#result;
    if (plan === null) return;
    const { score, worlds, bound, gap, outlook } = plan.analysis;
    this.#nearScore('nothing', score.nothing, this.#before);
    this.#nearScore('plan', score.plan, this.#after);
    for (const world of ['low', 'high', 'last'] as const) {
      const there = worlds[world];
      this.#nearScore(`${world} nothing`, there.nothing, this.#reference.score(this.#start, world));
      this.#nearScore(`${world} plan`, there.plan, this.#reference.score(this.#end, world));
    }
    this.#expect(gap >= 0, 'the plan is better than can be');
    this.#near('gap', gap, this.#after.peak - bound);
    for (const { server, dimension, now, nothing, plan: then } of outlook) {
      const peak = (where: Where): number => this.#reference.peak(server, dimension, where);
      this.#near(`${server} ${dimension} nothing`, nothing, peak(this.#start));
      this.#near(`${server} ${dimension} plan`, then, peak(this.#end));
      const cell = { dimension, step: 0 };
      const present = this.#reference.utilization(server, cell, this.#start, 'last');
      this.#near(`${server} ${dimension} now`, now, present);
    }
  }

  #checkStandbys(standbys: Standbys, where: Where): void {
    for (const [name, standby] of Object.entries(standbys)) {
      const id = name as ResourceId;
      const others = this.#eligibleReady(id).filter(
        (server) => server !== where.get(id) && !this.#isMet(id, server, where),
      );
      if (standby === null) {
        this.#expect(others.length === 0, `standby of ${id}: none, and there is one`);
        continue;
      }
      this.#expect(where.get(id) !== standby, `standby of ${id}: its own server`);
      this.#expect(this.#eligibleReady(id).includes(standby), `standby of ${id}: may not serve it`);
      this.#expect(others.includes(standby), `standby of ${id}: another of its group is there`);
    }
  }

  /** Where everything is once what is needed is done, and nothing else. */
  #standing(): Where {
    const states = new Map(this.#inputs.servers.map(({ id, state }) => [id, state]));
    const needed = (this.#result.plan?.batches ?? []).filter((batch) =>
      isNeeded(batch, (server) => states.get(server) ?? 'unknown'),
    );
    return after(
      this.#start,
      needed.flatMap(({ moves }) => moves),
    );
  }

  /** Another of its group, which is apart, would be there. */
  #isMet(id: ResourceId, server: ServerId, where: Where): boolean {
    const without = new Map(where);
    without.delete(id);
    const there = new Map(without).set(id, server);
    return this.#reference.crowd(there) > this.#reference.crowd(without);
  }

  #checkNone(): void {
    const { none } = this.#result;
    if (none?.why !== 'balanced') return;
    const { misplaced, faults, overload, pressure } = this.#before;
    this.#expect(
      misplaced === 0 && faults === 0 && overload + pressure < TOLERANCE,
      'balanced, yet it is not',
    );
    this.#expect(!this.#isUneven(), 'balanced, yet uneven');
  }

  /** Rules of groups that are broken, and were not at the start. */
  #newFaults(where: Where): string[] {
    const before = new Set(this.#reference.faults(this.#start));
    return this.#reference.faults(where).filter((fault) => !before.has(fault));
  }

  /** Cells over capacity, and higher than in any of the given. */
  #broken(where: Where, than: readonly Where[]): string[] {
    const broken: string[] = [];
    for (const { id } of this.#inputs.servers) {
      const limits = than.map((other) => this.#reference.utilizations(id, other));
      for (const [at, value] of this.#reference.utilizations(id, where).entries()) {
        if (value <= Math.max(1, ...limits.map((limit) => limit[at]!)) + TOLERANCE) continue;
        const { dimension, step } = this.#reference.cells[at]!;
        broken.push(`${id} ${dimension} ${step} ${value}`);
      }
    }
    return broken;
  }

  /** What the planner is to lower, by its definition in problem.ts. */
  #cost({ misplaced, overload, pressure, unevenness }: PlanScore): number {
    const { gainMin } = this.#inputs.options;
    const weight = Math.max(10, 1000 * gainMin * gainMin);
    const fullest = this.#reference.highestLevel(this.#start);
    const evening = this.#isUneven() ? (0.13 * unevenness) / fullest ** 2 : 0;
    return misplaced * 1e6 + overload * weight + pressure + evening;
  }

  #isUneven(): boolean {
    const { imbalanceMax, imbalanceLoadMin } = this.#inputs.options;
    const isLoaded = this.#reference.highestLevel(this.#start) > imbalanceLoadMin;
    return isLoaded && this.#before.imbalance > imbalanceMax + 1e-9;
  }

  #eligibleReady(id: ResourceId): ServerId[] {
    const { eligible } = this.#resource(id);
    return eligible.filter((server) => this.#reference.server(server).state === 'ready');
  }

  #isCooling(resource: PlanningResource): boolean {
    return this.#isMovedWithin(this.#inputs.options.cooldownMs, resource);
  }

  #resource(id: ResourceId): PlanningResource {
    return this.#inputs.resources.find((candidate) => candidate.id === id)!;
  }

  #nearScore(what: string, said: PlanScore, is: PlanScore): void {
    for (const part of Object.keys(is) as (keyof PlanScore)[]) {
      // A ratio of roundings says little, or nothing.
      if (part === 'imbalance' && is.unevenness < 1e-6) continue;
      this.#near(`${what}: ${part}`, said[part], is[part], part === 'imbalance' ? 100 : 1);
    }
  }

  #near(what: string, said: number, is: number, slack = 1): void {
    const isNear = Math.abs(said - is) <= slack * TOLERANCE * Math.max(1, Math.abs(is));
    this.#expect(isNear, `${what}: said ${said}, is ${is}`);
  }

  #expect(holds: boolean, fault: string): void {
    if (!holds) this.#fault(fault);
  }

  #fault(fault: string): void {
    this.#faults.push(fault);
  }
}

function after(where: Where, moves: readonly PlannedMove[]): Where {
  const next = new Map(where);
  for (const { resource, target } of moves) next.set(resource, target);
  return next;
}
