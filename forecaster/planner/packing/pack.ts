import type { Stopped } from './annealing.js';
import { Annealing } from './annealing.js';
import { placeMisplaced } from './construction.js';
import { makeMinimal } from './minimal.js';
import type { Packing, ServerTerm } from './packing.js';
import { Tableau } from './tableau.js';

export interface PackingOptions {
  readonly seed: number;
  /** Work ends after so many looks at one server with one change. */
  readonly workUnits: number;
  /** Share of the time that is over, from 0; 1 ends the search, and what it found then depends on the clock. */
  readonly timeShare?: () => number;
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
  const stopped = new Annealing(tableau, options).run();
  makeMinimal(tableau);
  return { assignment: Int32Array.from(tableau.assignment), stopped, work: tableau.work };
}
