import type { Dimension } from '../../core/domain.js';
import { DIMENSIONS, serverId } from '../../core/domain.js';
import type { Blocker } from '../../core/plan.js';
import { volumeBound } from './bound.js';
import { changed } from './changed.js';
import type { PlanningInputs, PlanningServer } from './inputs.js';
import { EPSILON } from './problem.js';
import type { Trial } from './relaxations.js';
import { blocker } from './relaxations.js';
import type { Translation } from './translation.js';

/**
 * Too little capacity: how many servers more would do. By volume where even a perfect spread is too full, else by
 * adding one. A resource that is larger than a server is named.
 */
export function shortages(
  inputs: PlanningInputs,
  { problem }: Translation,
  {
    limit,
    tryOut,
  }: {
    /** Utilization that servers should stay below. */
    readonly limit: number;
    readonly tryOut: (relaxed: PlanningInputs) => Trial | undefined;
  },
): Blocker[] {
  const placeable = [...problem.allowed.keys()].filter(
    (resource) => problem.allowed[resource]!.servers.length > 0,
  );
  const ready = problem.roles.filter((role) => role === 'ready').length;
  const volume = volumeBound(problem, placeable);
  const dimension = problem.dimensions[volume.dimension] ?? null;
  if (volume.peak > limit + EPSILON) {
    const servers = (volume.peak / limit - 1) * ready;
    return [blocker('capacity', { dimension, amount: Math.ceil(servers * 10 - EPSILON) / 10 })];
  }
  const giant = giantOf(problem.size, placeable, limit);
  if (giant !== undefined) {
    const amount = problem.size[giant]! / limit - 1;
    return [blocker('capacity', { resource: problem.resources[giant]!, amount })];
  }
  return tryOut(withOneMore(inputs)) === undefined ? [] : [blocker('capacity', { amount: 1 })];
}

/** The largest resource, if it alone is too much for an average server. */
function giantOf(
  size: Float64Array,
  placeable: readonly number[],
  limit: number,
): number | undefined {
  let giant: number | undefined;
  for (const resource of placeable) {
    if (size[resource]! > limit && (giant === undefined || size[resource]! > size[giant]!)) {
      giant = resource;
    }
  }
  return giant;
}

/** A server like the largest, which may serve everything. */
function withOneMore(inputs: PlanningInputs): PlanningInputs {
  const capacity: Partial<Record<Dimension, number>> = {};
  for (const dimension of DIMENSIONS) {
    for (const server of inputs.servers) {
      const value = server.state === 'ready' ? server.capacity[dimension] : undefined;
      if (value !== undefined) capacity[dimension] = Math.max(capacity[dimension] ?? 0, value);
    }
  }
  const id = serverId('one-server-more');
  const server: PlanningServer = { id, state: 'ready', spare: false, zone: null, capacity };
  return changed(inputs, { kind: 'add-server', server });
}
