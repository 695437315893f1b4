import { SeededRng } from '../../../core/rng.js';
import type { Stopped } from '../search.js';
import { Thinning } from '../thinning.js';
import { Thrift } from '../thrift.js';
import type { AnnealingOptions } from './annealing.js';
import { boundOf } from './bound.js';
import { copyOf, isBetter } from './standing.js';
import type { Tableau } from './tableau.js';
import { TableauGround } from './tableau-ground.js';

/** With so many servers that cost more than a move the plan has many. */
const TROUBLED_MIN = 32;
/** That the search for few moves has of the work and of the time; the rest is for thinning them. */
const THRIFT_SHARE = 0.9;
/** Work and time of a trial, and what it may leave of the servers' cost where all of it can be mended. */
const TRIAL_SHARE = 0.1;
const LEFT_SHARE = 0.05;

/**
 * Whether the moves are what a plan costs in the end: all else may be mended whole, as far as the sums of the fleet say, and that
 * takes many of them.
 */
export function isAllForMoves(tableau: Tableau): boolean {
  const { packing, misplaced, faults } = tableau;
  const least = packing.price.resource.reduce((most, price) => Math.min(most, price), Infinity);
  if (misplaced > 0 || faults > 0 || !(least > 0)) return false;
  let troubled = 0;
  for (let server = 0; server < packing.servers; server++) {
    if (tableau.costOf(server) > least) troubled++;
  }
  return troubled >= TROUBLED_MIN && boundOf(packing).cost === 0;
}

/**
 * What the sums allow, transient capacity or rules of groups may not: a short search for few moves says so. True: it mended all,
 * and the tableau is as it was, for the whole search. False: much is left, and another search is better at what costs least; the
 * tableau keeps what was found.
 */
export function trialMendsAll(tableau: Tableau, options: AnnealingOptions): boolean {
  const { workUnits, timeShare = () => 0 } = options;
  const before = costOfServers(tableau);
  const assignment = Int32Array.from(tableau.assignment);
  save(tableau, {
    ...options,
    workUnits: workUnits * TRIAL_SHARE,
    timeShare: () => timeShare() / TRIAL_SHARE,
  });
  if (costOfServers(tableau) > before * LEFT_SHARE) return false;
  tableau.become(assignment);
  return true;
}

function costOfServers(tableau: Tableau): number {
  let sum = 0;
  for (let server = 0; server < tableau.packing.servers; server++) sum += tableau.costOf(server);
  return sum;
}

/** Looks for an assignment of few moves; what is no better than it was is taken back. */
export function save(tableau: Tableau, options: AnnealingOptions): Stopped {
  const { workUnits, timeShare = () => 0, seed } = options;
  const before = copyOf(tableau);
  const assignment = Int32Array.from(tableau.assignment);
  const progress = (): number => Math.max(tableau.work / workUnits, timeShare());
  const ground = new TableauGround(tableau);
  new Thrift(ground, new SeededRng(seed)).run(() => progress() / THRIFT_SHARE);
  new Thinning(ground).run(() => progress() >= 1);
  if (!isBetter(tableau, before) || !tableau.groups.isNoWorse()) tableau.become(assignment);
  return timeShare() >= 1 ? 'time' : 'work';
}
