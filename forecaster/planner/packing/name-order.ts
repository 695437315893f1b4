import type { ProblemFile } from './problem-file.js';

/** The same problem with everything in the order of its names: how a file lists things plays no part. */
export function inNameOrder(file: ProblemFile): ProblemFile {
  const { servers, moves } = file;
  const order = [...servers.keys()].sort((a, b) => byName(servers[a]!, servers[b]!));
  return {
    ...file,
    dimensions: [...file.dimensions].sort(byName),
    servers: order.map((at) => servers[at]!),
    resources: [...file.resources].sort(byName),
    groups: [...file.groups].sort(byName),
    moves: { ...moves, distances: inOrder(moves.distances, order) },
  };
}

/** Rows and columns; what is not as many of both as there are servers is left for the one who says so. */
function inOrder(
  distances: ProblemFile['moves']['distances'],
  order: readonly number[],
): ProblemFile['moves']['distances'] {
  const isSquare =
    distances?.length === order.length && distances.every((row) => row.length === order.length);
  if (!isSquare) return distances;
  return order.map((from) => order.map((to) => distances[from]![to]!));
}

function byName(a: { readonly name: string }, b: { readonly name: string }): number {
  return a.name < b.name ? -1 : a.name > b.name ? 1 : 0;
}
