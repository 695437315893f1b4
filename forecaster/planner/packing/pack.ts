import type { Stopped } from '../search.js';
import type { AnnealingOptions } from './annealing.js';
import { Annealing } from './annealing.js';
import { mendFaults, placeMisplaced } from './construction.js';
import { makeMinimal } from './minimal.js';
import { isCountable, tryAll } from './exact.js';
import type { Packing, ServerTerm } from './packing.js';
import { isAllForMoves, save } from './saving.js';
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
  if (options.term === undefined && isAllForMoves(tableau)) return save(tableau, options);
  return new Annealing(tableau, options).run();
}
