import type { Packing } from './packing.js';

/** What a server can take on the average in each cell, of those that limit it; 0: none does. */
export function meanCapacities({ cells, capacity }: Packing): Float64Array {
  const isCounted = (limit: number): boolean => limit > 0 && limit < Infinity;
  const counts = new Int32Array(cells);
  for (const [at, limit] of capacity.entries()) if (isCounted(limit)) counts[at % cells]!++;
  const mean = new Float64Array(cells);
  for (const [at, limit] of capacity.entries()) {
    if (isCounted(limit)) mean[at % cells]! += limit / counts[at % cells]!;
  }
  return mean;
}

/** The largest share of a mean server's capacity that each resource needs, of the cells that count. */
export function sizesOf(
  packing: Packing,
  isCounted: (cell: number) => boolean = () => true,
): Float64Array {
  const { resources, cells, demand } = packing;
  const mean = meanCapacities(packing);
  const counted = Int32Array.from(mean.keys()).filter((cell) => mean[cell]! > 0 && isCounted(cell));
  return Float64Array.from({ length: resources }, (_hole, resource) => {
    let most = 0;
    for (const cell of counted) {
      most = Math.max(most, demand[resource * cells + cell]! / mean[cell]!);
    }
    return most;
  });
}
