import type { Stopped } from '../search.js';
import type { AnnealingOptions } from './annealing.js';
import { Annealing } from './annealing.js';
import { mendFaults, placeMisplaced } from './construction.js';
import { makeMinimal } from './minimal.js';
import { isCountable, tryAll } from './exact.js';
import { NeighbourhoodSearch } from './neighbourhoods.js';
import type { Packing, ServerTerm } from './packing.js';
import { movablesOf } from './packing.js';
import { isAllForMoves, save, trialMendsAll } from './saving.js';
import { isFeasible } from './standing.js';
import { Tableau } from './tableau.js';

export interface PackingOptions extends AnnealingOptions {
  readonly term?: ServerTerm | undefined;
}

export interface Packed {
  readonly assignment: Int32Array;
  readonly stopped: Stopped;
  /** Looks at one server with one change. */
  readonly work: number;
}

/** With no more resources than this, whole neighbourhoods see most of the problem: half of the work is theirs. */
const SMALL_MAX = 100;
const SMALL_SHARE = 0.5;
/** In larger ones annealing is the better search for what costs least; the rest is for what is wrong all the same. */
const LARGE_SHARE = 0.9;

/**
 * Looks for the assignment of least cost that breaks no limit that the start does not break, and breaks none
 * worse. Each move of it is worth its price. Same packing, same seed, same work: same answer.
 */
export function pack(packing: Packing, options: PackingOptions): Packed {
  const tableau = new Tableau(packing, options.term);
  placeMisplaced(tableau);
  mendFaults(tableau);
  const stopped = search(tableau, options);
  makeMinimal(tableau);
  return { assignment: Int32Array.from(tableau.assignment), stopped, work: tableau.work };
}

function search(tableau: Tableau, options: PackingOptions): Stopped {
  if (isCountable(tableau)) {
    tryAll(tableau);
    return 'complete';
  }
  // Of a benchmark's own costs nothing is known by which a branch may be cut.
  if (options.term !== undefined) return new Annealing(tableau, options).run();
  if (isAllForMoves(tableau) && trialMendsAll(tableau, options)) return save(tableau, options);
  return annealThenLook(tableau, options);
}

function annealThenLook(tableau: Tableau, options: PackingOptions): Stopped {
  const { workUnits, timeShare = () => 0, seed } = options;
  const isSmall = movablesOf(tableau.packing).length <= SMALL_MAX;
  const share = isSmall ? SMALL_SHARE : isFeasible(tableau) ? 1 : LARGE_SHARE;
  new Annealing(tableau, {
    seed,
    workUnits: workUnits * share,
    timeShare: () => timeShare() / share,
  }).run();
  const isOver = (): boolean => tableau.work >= workUnits || timeShare() >= 1;
  if (isSmall || !isFeasible(tableau)) new NeighbourhoodSearch(tableau, seed).run(isOver);
  return timeShare() >= 1 ? 'time' : 'work';
}
