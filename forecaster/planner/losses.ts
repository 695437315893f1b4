import type { Dimension } from '../../core/domain.js';
import type { PlannerOptions, PlanningServer } from './inputs.js';

/** Servers that are lost together. */
export interface Loss {
  readonly servers: ReadonlySet<number>;
  /** Null: it is one server, whatever its zone. */
  readonly zone: string | null;
}

/** No headroom asks servers to stay below this: where it would, it is not attainable, and said to be so. */
const TARGET_MIN = 0.1;

/**
 * The utilization below which the servers that share the work can take over what any loss leaves: with all of them at
 * u, C their capacity, L that of the lost and S that of spares, u · L ≤ (1 − u) · (C − L) + S asks for
 * u ≤ (C − L + S) ÷ C. The lowest over losses, and over dimensions that all of them limit; 1 where nothing is asked.
 */
export function headroomTarget(
  servers: readonly PlanningServer[],
  dimensions: readonly Dimension[],
  headroom: PlannerOptions['headroom'],
): number {
  const ready = servers.filter(({ state }) => state === 'ready');
  const sharing = ready.filter(({ spare }) => !spare);
  if (headroom === 'none' || sharing.length === 0) return 1;
  const losses = lossesOf(ready, headroom).map(({ servers: lost }) =>
    [...lost].map((index) => ready[index]!),
  );
  let target = 1;
  for (const dimension of dimensions) {
    const sum = (list: readonly PlanningServer[]): number =>
      list.reduce((total, { capacity }) => total + (capacity[dimension] ?? 0), 0);
    if (sharing.some(({ capacity }) => capacity[dimension] === undefined)) continue;
    const largest = Math.max(...losses.map(sum));
    target = Math.min(target, (sum(ready) - largest) / sum(sharing));
  }
  return Math.max(TARGET_MIN, target);
}

export function lossesOf(
  servers: readonly { readonly zone: string | null }[],
  headroom: PlannerOptions['headroom'],
): Loss[] {
  if (headroom === 'none') return [];
  if (headroom === 'server') {
    return servers.map((_server, index) => ({ servers: new Set([index]), zone: null }));
  }
  const byZone = new Map<string | null, Set<number>>();
  for (const [index, { zone }] of servers.entries()) {
    byZone.set(zone, (byZone.get(zone) ?? new Set()).add(index));
  }
  return [...byZone].map(([zone, lost]) => ({ servers: lost, zone }));
}
