import type { Packing, ServerTerm } from './packing.js';

/** What no assignment can do better than, by the sums of the whole fleet: a proof without a search. */
export interface PackingBound {
  readonly cost: number;
  readonly peak: number;
  /** Σ demand ÷ Σ capacity is highest at this cell; above 1 no assignment is without overload. */
  readonly fullestCell: number;
}

export function boundOf(packing: Packing, term?: ServerTerm): PackingBound {
  const { cells, soft, softWeight, evenWeight, capacity } = packing;
  let cost = term?.bound ?? 0;
  let peak = 0;
  let fullestCell = 0;
  const needed = new Float64Array(cells);
  for (const [at, load] of packing.demand.entries()) needed[at % cells]! += load;
  for (let cell = 0; cell < cells; cell++) {
    const servers = column(packing, cell);
    const limit = sumOf(servers, (at) => Math.max(0, capacity[at]!));
    const wanted = sumOf(servers, (at) => soft[at]!);
    const leastWeight = servers.reduce((least, at) => Math.min(least, softWeight[at]!), Infinity);
    if (servers.length > 0 && wanted < needed[cell]!)
      cost += leastWeight * (needed[cell]! - wanted);
    cost += evenBound(servers, evenWeight, needed[cell]!);
    if (limit > 0 && needed[cell]! / limit > peak) {
      peak = needed[cell]! / limit;
      fullestCell = cell;
    }
  }
  return { cost, peak, fullestCell };
}

/** Σ w·x² with Σ x given is least where w·x is the same everywhere (Lagrange): (Σ x)² ÷ Σ 1/w. */
function evenBound(servers: readonly number[], evenWeight: Float64Array, needed: number): number {
  const inverse = sumOf(servers, (at) => 1 / evenWeight[at]!);
  return inverse > 0 && inverse < Infinity ? (needed * needed) / inverse : 0;
}

function column({ servers, cells }: Packing, cell: number): number[] {
  return Array.from({ length: servers }, (_hole, server) => server * cells + cell);
}

function sumOf(list: readonly number[], value: (at: number) => number): number {
  return list.reduce((sum, at) => sum + value(at), 0);
}
