import type { Relocation } from '../policy.js';
import { highest, lowest } from './first-map.js';

/** A server may be above the mean by this factor. */
const RATIO_MAX = 1.5;

/**
 * The 50 % rule, against the mean: while the most loaded server is more than 50 % above the mean, it gives the
 * least loaded one the resource that comes nearest to half of what is between them, if that lowers the higher of the two.
 * @param load of each resource, now
 */
export function fiftyPercentRule(
  map: Int32Array,
  load: Float64Array,
  { servers, movesMax }: { readonly servers: number; readonly movesMax: number },
): Relocation[] {
  const now = map.slice();
  const sums = new Float64Array(servers);
  let total = 0;
  for (let resource = 0; resource < now.length; resource++) {
    sums[now[resource]!]! += load[resource]!;
    total += load[resource]!;
  }
  const moves: Relocation[] = [];
  while (moves.length < movesMax) {
    const source = highest(sums);
    const target = lowest(sums);
    if (!(sums[source]! > (RATIO_MAX * total) / servers)) break;
    const resource = bestFit(now, load, source, (sums[source]! - sums[target]!) / 2);
    if (resource === undefined) break;
    const moved = load[resource]!;
    if (Math.max(sums[source]! - moved, sums[target]! + moved) >= sums[source]!) break;
    now[resource] = target;
    sums[source]! -= moved;
    sums[target]! += moved;
    moves.push({ resource, target });
  }
  return moves;
}

function bestFit(
  map: Int32Array,
  load: Float64Array,
  source: number,
  wanted: number,
): number | undefined {
  let best: number | undefined;
  let least = Infinity;
  for (let resource = 0; resource < map.length; resource++) {
    if (map[resource] !== source) continue;
    const miss = Math.abs(load[resource]! - wanted);
    if (miss < least) {
      least = miss;
      best = resource;
    }
  }
  return best;
}
