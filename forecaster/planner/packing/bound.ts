import type { Packing } from './packing.js';
import { NOWHERE } from '../problem.js';

/** What no assignment can do better than, by the sums of the whole fleet: a proof without a search. */
export interface PackingBound {
  readonly cost: number;
  readonly peak: number;
  /** Σ demand ÷ Σ capacity is highest at this cell; above 1 no assignment is without overload. */
  readonly fullestCell: number;
  /** That may be used. */
  readonly servers: number;
}

/** @param assignment what it places is counted, what it does not is not; default: everything */
export function boundOf(packing: Packing, assignment?: Int32Array): PackingBound {
  const { cells, soft, softWeight, evenWeight, capacity } = packing;
  let cost = 0;
  let peak = 0;
  let fullestCell = 0;
  const needed = new Float64Array(cells);
  const usable = usableServers(packing);
  for (let resource = 0; resource < packing.resources; resource++) {
    if (assignment?.[resource] === NOWHERE) continue;
    for (let cell = 0; cell < cells; cell++) {
      needed[cell]! += packing.demand[resource * cells + cell]!;
    }
  }
  for (let cell = 0; cell < cells; cell++) {
    const servers = usable.map((server) => server * cells + cell);
    const wanted = sumOf(servers, (at) => soft[at]!);
    const leastWeight = servers.reduce((least, at) => Math.min(least, softWeight[at]!), Infinity);
    if (servers.length > 0 && wanted < needed[cell]!)
      cost += leastWeight * (needed[cell]! - wanted);
    cost += evenBound(servers, evenWeight, needed[cell]!);
    // What is always there belongs to the load: the whole capacity, less what is free of it.
    const whole = sumOf(servers, (at) => packing.whole[at]!);
    const load = needed[cell]! + sumOf(servers, (at) => packing.whole[at]! - capacity[at]!);
    if (whole > 0 && whole < Infinity && load / whole > peak) {
      peak = load / whole;
      fullestCell = cell;
    }
  }
  return { cost, peak, fullestCell, servers: usable.length };
}

/** Σ w·x² with Σ x given is least where w·x is the same everywhere (Lagrange): (Σ x)² ÷ Σ 1/w. */
function evenBound(servers: readonly number[], evenWeight: Float64Array, needed: number): number {
  const inverse = sumOf(servers, (at) => 1 / evenWeight[at]!);
  return inverse > 0 && inverse < Infinity ? (needed * needed) / inverse : 0;
}

/** Servers that some resource is on, or may be on. */
function usableServers({ servers, start, allowed }: Packing): number[] {
  const masks = new Set(allowed);
  const used = new Set(start);
  return Array.from({ length: servers }, (_hole, server) => server).filter(
    (server) => used.has(server) || [...masks].some((mask) => mask[server] === 1),
  );
}

function sumOf(list: readonly number[], value: (at: number) => number): number {
  return list.reduce((sum, at) => sum + value(at), 0);
}
