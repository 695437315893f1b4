import { SeededRng, shuffled } from '../../../core/rng.js';
import type { ProblemFile } from '../../../forecaster/planner/packing/problem-file.js';

/** The same problem, everything listed in another order. */
export function permuted(file: ProblemFile): ProblemFile {
  const rng = new SeededRng(7);
  const { servers, moves } = file;
  const order = shuffled(rng, [...servers.keys()]);
  // They are in the order of the servers.
  const distances =
    moves.distances?.map((_row, at) => order.map((to) => moves.distances![order[at]!]![to]!)) ??
    null;
  return {
    ...file,
    dimensions: shuffled(rng, file.dimensions),
    servers: order.map((at) => servers[at]!),
    resources: shuffled(rng, file.resources),
    groups: shuffled(rng, file.groups),
    moves: { ...moves, distances },
  };
}
