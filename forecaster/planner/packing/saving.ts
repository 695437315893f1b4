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

/** Looks for an assignment of few moves; what is no better than it was is taken back. */
export function save(tableau: Tableau, options: AnnealingOptions): Stopped {
  const { workUnits, timeShare = () => 0, seed } = options;
  const before = copyOf(tableau);
  const assignment = Int32Array.from(tableau.assignment);
  const progress = (): number => Math.max(tableau.work / workUnits, timeShare());
  const ground = new TableauGround(tableau);
  new Thrift(ground, new SeededRng(seed)).run(() => progress() / THRIFT_SHARE);
  new Thinning(ground).run(() => progress() >= 1);
  if (!isBetter(tableau, before) || !tableau.groups.isNoWorse()) {
    for (const [resource, server] of assignment.entries()) tableau.move(resource, server);
  }
  return timeShare() >= 1 ? 'time' : 'work';
}
