import type { Rng } from '../../../core/rng.js';
import { SeededRng, integerBelow } from '../../../core/rng.js';
import { Thresholds, expOf } from '../chance.js';
import { NOWHERE } from '../problem.js';
import type { Stopped } from '../search.js';
import { BestSeen } from './best-seen.js';
import type { Packing } from './packing.js';
import { movablesOf } from './packing.js';
import type { Tableau } from './tableau.js';

export interface AnnealingOptions {
  readonly seed: number;
  /** Work ends after so many looks at one server with one change. */
  readonly workUnits: number;
  /** Share of the time that is over, from 0; 1 ends the search, and what it found then depends on the clock. */
  readonly timeShare?: () => number;
}

/** The clock is asked once in so many steps. */
const STEPS_PER_LOOK = 1024;
/** Steps that are tried to learn how much one changes. */
const SAMPLES = 2000;
/** First and last temperature, in what a step changes on the average; then a quench down to nothing. */
const HOTTEST = 0.3;
const COLDEST = 0.005;
const LN_COOLING = -4.0943445622221;
const LN_QUENCH = -13.815510557964;
/** From this share on. */
const QUENCH_AT = 0.9;
/** What a fault of groups costs at first and in the end, in the same measure, as long as there now are some and now none. */
const FAULT_FIRST = 0.1;
const LN_FAULT_RISE = 2.302585092994;
/**
 * While there are faults it rises besides, while there are none it falls (strategic oscillation, F. Glover, Decision Sciences 8, 1977):
 * by this power of e over the whole search, between these. Only what has none is a plan. In the quench it does not fall. At the
 * most the search is stuck among faults that no single step mends, as it is with tens of thousands of needs.
 */
const LN_FAULT_REACTION = 100;
const LN_FAULT_LEAST = -1;
const LN_FAULT_MOST = 8;
/**
 * What it costs, in temperatures, to hold a whole server's transient capacity by what moved away; of several transient dimensions
 * each its part, since what counts is the fullest, which is another one on every server.
 */
const HOLD_PRICE = 50;
const SWAP_SHARE = 0.6;
/** Of the swaps: within a group, where no rule of groups stands in the way. */
const MATE_SHARE = 0.5;
/** Of the moves: home, where nothing is held twice. */
const HOME_SHARE = 0.1;

/**
 * Simulated annealing (S. Kirkpatrick et al., Science 220, 1983) over moves and swaps of two. Two things are not
 * in the book. Moving away holds capacity twice, so there is little of it: while it is hot, that has a price,
 * and the plan keeps its moves for where they count. And rules of groups may be broken on the way, at a price
 * that rises until none is; where that does not help, the search goes back to the best plan and breaks none from there.
 */
export class Annealing {
  readonly #tableau: Tableau;
  readonly #rng: Rng;
  readonly #options: AnnealingOptions;
  readonly #thresholds: Thresholds;
  readonly #movable: Int32Array;
  /** In temperatures; 0: nothing is held. */
  readonly #holdPrice: number;
  readonly #best: BestSeen;
  #temperature = 0;
  #faultPrice = 0;
  /** Its logarithm by what faults there were; and how far the search was then. */
  #lnFault = 0;
  #heatedAt = 0;
  /** No step breaks a rule of groups. */
  #isStrict = false;
  #isOutOfTime = false;

  /** @param tableau an assignment that breaks no limit: where the search begins */
  constructor(tableau: Tableau, options: AnnealingOptions) {
    this.#tableau = tableau;
    this.#options = options;
    this.#rng = new SeededRng(options.seed);
    this.#thresholds = new Thresholds(this.#rng);
    this.#movable = movablesOf(tableau.packing);
    this.#holdPrice = holdPriceOf(tableau.packing);
    this.#best = new BestSeen(tableau);
  }

  /** Searches until the work or the time is up; the tableau then is the best that was seen. */
  run(): Stopped {
    const { servers } = this.#tableau.packing;
    if (this.#movable.length > 0 && servers > 1) {
      const typical = this.#typicalChange();
      for (;;) {
        const progress = this.#progress();
        if (progress >= 1) break;
        this.#heat(progress, typical);
        // A step that is refused at once is work, too: a search in which none is possible ends as well.
        this.#tableau.work += STEPS_PER_LOOK;
        for (let step = 0; step < STEPS_PER_LOOK; step++) {
          if (this.#rng.next() < SWAP_SHARE) this.#trySwap();
          else this.#tryMove();
        }
      }
    }
    this.#best.restore();
    return this.#isOutOfTime ? 'time' : 'work';
  }

  #progress(): number {
    const { workUnits, timeShare } = this.#options;
    const time = timeShare?.() ?? 0;
    if (time >= 1) this.#isOutOfTime = true;
    return Math.max(time, this.#tableau.work / workUnits);
  }

  #heat(progress: number, typical: number): void {
    this.#temperature =
      progress < QUENCH_AT
        ? typical * HOTTEST * expOf((LN_COOLING * progress) / QUENCH_AT)
        : typical * COLDEST * expOf((LN_QUENCH * (progress - QUENCH_AT)) / (1 - QUENCH_AT));
    this.#weighFaults(progress);
    this.#faultPrice = typical * FAULT_FIRST * expOf(LN_FAULT_RISE * progress + this.#lnFault);
    if (this.#lnFault >= LN_FAULT_MOST && !this.#isStrict) {
      this.#best.restore();
      this.#isStrict = true;
    }
  }

  #weighFaults(progress: number): void {
    const passed = LN_FAULT_REACTION * (progress - this.#heatedAt);
    this.#heatedAt = progress;
    if (this.#tableau.faults > 0) this.#lnFault += passed;
    else if (progress < QUENCH_AT) this.#lnFault -= passed;
    this.#lnFault = Math.min(LN_FAULT_MOST, Math.max(LN_FAULT_LEAST, this.#lnFault));
  }

  /** How much a step changes the value on the average, of those that change it. */
  #typicalChange(): number {
    const tableau = this.#tableau;
    let sum = 0;
    let count = 0;
    for (let sample = 0; sample < SAMPLES; sample++) {
      const resource = this.#any();
      const target = integerBelow(this.#rng, tableau.packing.servers);
      if (tableau.assignment[resource] === target) continue;
      const delta = Math.abs(tableau.moveDelta(resource, target));
      sum += delta;
      if (delta > 0) count++;
    }
    return count === 0 ? 1 : sum / count;
  }

  #any(): number {
    return this.#movable[integerBelow(this.#rng, this.#movable.length)]!;
  }

  #tryMove(): void {
    const tableau = this.#tableau;
    const { start, servers } = tableau.packing;
    const resource = this.#any();
    const home = start[resource]!;
    const isHome = home !== NOWHERE && this.#rng.next() < HOME_SHARE;
    const target = isHome ? home : integerBelow(this.#rng, servers);
    const source = tableau.assignment[resource]!;
    if (source === target || !tableau.canMove(resource, target)) return;
    const faults = tableau.groups.faultsDelta(resource, source, target);
    if (this.#isStrict && faults > 0) return;
    const rise =
      tableau.moveDelta(resource, target) +
      this.#faultPrice * faults +
      this.#holdDelta(resource, target);
    const isRescue = tableau.misplacedDelta(resource, target) < 0;
    if (!isRescue && rise > this.#thresholds.next(this.#temperature)) return;
    tableau.move(resource, target);
    this.#best.moved(resource);
  }

  #trySwap(): void {
    const tableau = this.#tableau;
    const { groupOf, groups } = tableau.packing;
    const a = this.#any();
    const group = groupOf[a]!;
    const mates = group === NOWHERE ? undefined : groups[group]!.members;
    const isMate = mates !== undefined && mates.length > 1 && this.#rng.next() < MATE_SHARE;
    const b = isMate ? mates[integerBelow(this.#rng, mates.length)]! : this.#any();
    const from = tableau.assignment[a]!;
    const to = tableau.assignment[b]!;
    if (from === to || from === NOWHERE || to === NOWHERE || !tableau.canSwap(a, b)) return;
    const faults = tableau.groups.faultsSwapDelta(a, b);
    if (this.#isStrict && faults > 0) return;
    const rise =
      tableau.swapDelta(a, b) +
      this.#faultPrice * faults +
      this.#holdDelta(a, to) +
      this.#holdDelta(b, from);
    if (rise > this.#thresholds.next(this.#temperature)) return;
    tableau.move(a, to);
    tableau.move(b, from);
    this.#best.moved(a, b);
  }

  #holdDelta(resource: number, target: number): number {
    if (this.#holdPrice === 0) return 0;
    const tableau = this.#tableau;
    const source = tableau.assignment[resource]!;
    const more = tableau.heldBy(resource, target) - tableau.heldBy(resource, source);
    return this.#holdPrice * this.#temperature * more;
  }
}

function holdPriceOf({ isTransient, steps }: Packing): number {
  const dimensions = isTransient.filter((is) => is === 1).length / steps;
  return dimensions === 0 ? 0 : HOLD_PRICE / dimensions;
}
