import type { Rng } from '../../core/rng.js';
import { SeededRng } from '../../core/rng.js';
import { Descent } from './descent.js';
import { mendGroups } from './group-mending.js';
import { LayoutGround } from './layout-ground.js';
import { Layout } from './layout.js';
import { forcePlacement, needyOf, placeNeedy } from './placement.js';
import { resume } from './resumption.js';
import type { Problem } from './problem.js';
import { EPSILON, leastPriceOf } from './problem.js';
import { Rules } from './rules.js';
import { costsOf } from './score.js';
import { Shaker } from './shaker.js';
import { Thinning } from './thinning.js';
import { Thrift } from './thrift.js';
import { trim } from './trim.js';

export interface SearchOptions {
  /** Work ends after so many probes: looks at one server with one change. */
  readonly workUnits: number;
  readonly seed: number;
  /** Where the search begins; default: where everything is. */
  readonly from?: Int32Array;
  /** Where an earlier plan would have each resource (`NOWHERE`: it does not say): what still may be is made first. */
  readonly wanted?: Int32Array;
  /** Of a vast problem the first solution is only rid of overload: the rest would take long. */
  readonly isHasty?: boolean;
  /** Share of the time that is over, from 0; 1 ends the search, and what it found then depends on the clock. */
  readonly timeShare?: () => number;
}

/** Why a search ended: nothing was left to try, or the work or the time was up and better may exist. */
export const STOPPED = ['complete', 'work', 'time'] as const;
export type Stopped = (typeof STOPPED)[number];

export interface Solution {
  readonly assignment: Int32Array;
  /** Cost of the assignment and its moves. */
  readonly value: number;
  readonly overload: number;
}

/** A search that shook so often in vain has come to its end: while something is short, and otherwise. */
const SHAKES_IN_VAIN_MAX = 300;
const SHAKES_TO_POLISH_MAX = 8;
/** After one shake in so many every kind of step is tried, after the others only moves. */
const THOROUGH_EVERY = 8;

/** With so many servers that cost more than a move, and as many moves to make, a problem is vast. */
const VAST_SERVERS_MIN = 32;
/** That search has so much of the time, and of the work; at most so much a resource. */
const SAVING_SHARE = 0.9;
const SAVING_WORK_MAX = 3500;

/**
 * Looks for the assignment of least cost: a first one, then better ones. Each is feasible (no limit is worse
 * than at the start) and 1-minimal. Same problem, same seed, same work: same answers.
 */
export function* plan(problem: Problem, options: SearchOptions): Generator<Solution, Stopped> {
  const search = new Search(problem, options, isVast(problem));
  search.begin();
  yield search.solution();
  if (search.save()) yield search.solution();
  if (search.even()) yield search.solution();
  while (search.improve()) yield search.solution();
  return search.stopped;
}

/** The first solution alone: what placement and plain steps find. */
export function first(problem: Problem, options: SearchOptions): Solution {
  const search = new Search(problem, options, options.isHasty === true && isVast(problem));
  search.begin();
  search.even();
  return search.solution();
}

/** Runs a search to its end. */
export function best(problem: Problem, options: SearchOptions): Solution & { stopped: Stopped } {
  const search = plan(problem, options);
  let found = search.next();
  let solution: Solution | undefined;
  while (!found.done) {
    solution = found.value;
    found = search.next();
  }
  if (solution === undefined) throw new RangeError('a search has a first solution');
  return { ...solution, stopped: found.value };
}

function isVast(problem: Problem): boolean {
  const { movesMax, start } = problem;
  if (movesMax < VAST_SERVERS_MIN) return false;
  const least = leastPriceOf(problem);
  const troubled = costsOf(problem, start).filter((cost) => cost > least + EPSILON);
  return troubled.length >= VAST_SERVERS_MIN;
}

interface Standing {
  readonly value: number;
  readonly overload: number;
  readonly pressure: number;
  readonly faults: number;
}

class Search {
  readonly #layout: Layout;
  readonly #rules: Rules;
  readonly #descent: Descent;
  readonly #shaker: Shaker;
  readonly #rng: Rng;
  readonly #options: SearchOptions;
  readonly #isOver = (): boolean => this.stopped !== 'complete';
  readonly #isVast: boolean;
  #isOutOfTime = false;

  /** @param isVast so much is wrong that a plan has many moves: `save` looks for them, plain steps are the rest */
  constructor(problem: Problem, options: SearchOptions, isVast = false) {
    const { wanted, from } = options;
    this.#options = options;
    this.#isVast = isVast;
    this.#layout = new Layout(problem, from);
    this.#layout.isEvening = false;
    this.#rules = new Rules(this.#layout);
    const isResumed = wanted !== undefined && resume(this.#layout, this.#rules, wanted);
    // What the earlier plan left because it was not worth a move is not looked at again.
    const costMin = isResumed ? Math.max(EPSILON, leastPriceOf(problem)) : EPSILON;
    this.#descent = new Descent(this.#layout, this.#rules, costMin);
    this.#rng = new SeededRng(options.seed);
    this.#shaker = new Shaker(this.#layout, this.#rules, this.#rng);
  }

  get stopped(): Stopped {
    this.#isOutOfTime ||= (this.#options.timeShare?.() ?? 0) >= 1;
    if (this.#isOutOfTime) return 'time';
    return this.#layout.work >= this.#options.workUnits ? 'work' : 'complete';
  }

  solution(): Solution {
    const { assignment, value, overload } = this.#layout;
    return { assignment: Int32Array.from(assignment), value, overload };
  }

  /** Everything gets a place, and what can be won by plain steps is won. */
  begin(): void {
    this.#settle();
    if (this.#isShort() && this.#hasClosedSpares()) {
      while (this.#isShort() && this.improve());
      if (this.#isShort()) {
        this.#rules.areSparesOpen = true;
        this.#descent.reset();
        this.#settle();
      }
    }
    if (forcePlacement(this.#layout, this.#rules)) this.#settle();
  }

  /** Looks for an assignment of fewer moves, if there are many; false: none was found. */
  save(): boolean {
    const layout = this.#layout;
    if (!this.#isVast || this.#isOver()) return false;
    const before = this.#standing();
    const assignment = Int32Array.from(layout.assignment);
    const ground = new LayoutGround(layout, this.#rules);
    new Thrift(ground, this.#rng).run(this.#progressOfSaving());
    trim(layout, this.#rules);
    this.#descent.reset();
    if (this.#descent.run(this.#isOver)) trim(layout, this.#rules);
    if (new Thinning(ground).run(this.#isOver)) trim(layout, this.#rules);
    if (this.#isBetterThan(before)) return true;
    for (const [resource, server] of assignment.entries()) layout.move(resource, server);
    return false;
  }

  #progressOfSaving(): () => number {
    const { workUnits, timeShare = () => 0 } = this.#options;
    const layout = this.#layout;
    const from = layout.work;
    const left = Math.max(1, (workUnits - from) * SAVING_SHARE);
    const work = Math.min(left, SAVING_WORK_MAX * layout.problem.resources.length);
    const begun = timeShare();
    const time = Math.max(Number.EPSILON, SAVING_SHARE - begun);
    return () => Math.max((layout.work - from) / work, (timeShare() - begun) / time);
  }

  #standing(): Standing {
    const { value, overload, pressure, groups } = this.#layout;
    return { value, overload, pressure, faults: groups.faults };
  }

  /** Makes the servers even, if they are very uneven; false: nothing was won. */
  even(): boolean {
    if (this.#layout.eveningWeight === 0 || this.#isOver()) return false;
    this.#layout.isEvening = true;
    this.#descent.reset();
    const hasImproved = this.#descent.run(this.#isOver);
    if (hasImproved) trim(this.#layout, this.#rules);
    return hasImproved;
  }

  /** Shakes the layout until it comes out better; false: it did not. */
  improve(): boolean {
    const layout = this.#layout;
    layout.settle();
    const shakesMax = this.#isShort() ? SHAKES_IN_VAIN_MAX : SHAKES_TO_POLISH_MAX;
    for (let shakes = 0; shakes < shakesMax && !this.#isOver(); shakes++) {
      if (!this.#shaker.hasHope()) return false;
      const before = this.#standing();
      const mark = layout.mark();
      if (this.#shaker.shake()) {
        this.#descent.touchUp(layout.touchedSince(mark), this.#isOver);
        if (shakes % THOROUGH_EVERY === THOROUGH_EVERY - 1) this.#descent.run(this.#isOver);
        if (layout.value < before.value - EPSILON) trim(layout, this.#rules);
        if (this.#isBetterThan(before)) return true;
      }
      layout.rollback(mark);
    }
    return false;
  }

  #isBetterThan(before: Standing): boolean {
    const layout = this.#layout;
    if (layout.value >= before.value - EPSILON) return false;
    if (layout.overload > before.overload + EPSILON) return false;
    if (layout.isEvening && layout.pressure > before.pressure + EPSILON) return false;
    return layout.groups.faults <= before.faults && layout.isSound();
  }

  #settle(): void {
    placeNeedy(this.#layout, this.#rules);
    for (const resource of needyOf(this.#layout, this.#rules)) this.#descent.settle(resource);
    mendGroups(this.#layout, this.#rules, this.#isOver);
    if (this.#isVast) this.#descent.touchUp(this.#overloaded(), this.#isOver);
    else this.#descent.run(this.#isOver);
    trim(this.#layout, this.#rules);
  }

  #overloaded(): number[] {
    const { overloads } = this.#layout;
    return [...overloads.keys()].filter((server) => overloads[server]! > EPSILON);
  }

  /** Something has no place, or some server is overloaded. */
  #isShort(): boolean {
    return needyOf(this.#layout, this.#rules).length > 0 || this.#layout.overload > EPSILON;
  }

  #hasClosedSpares(): boolean {
    const { isSpare, roles } = this.#layout.problem;
    return (
      !this.#rules.areSparesOpen &&
      isSpare.some((spare, server) => spare && roles[server] === 'ready')
    );
  }
}
