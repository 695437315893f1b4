import type { ResourceId } from '../../core/domain.js';
import { formatGeneration, isSameGeneration } from '../../core/generation.js';
import { isFenced } from './shape.js';
import { Violation } from './violation.js';
import type { World } from './world.js';

/** L2: the faults are over. What has not settled yet, by rule; undefined: everybody has the same table, nothing is open. */
export function unsettled(world: World): Violation | undefined {
  const { records } = world.checker;
  const { open, head, lost, duePlans, orders } = records;
  if (open !== undefined) return new Violation('L2', `a switch is still open in ${open.state}`);
  if (lost.length > 0) return new Violation('L2', `${lost.join(', ')} still counts as lost`);
  if (orders.length > 0) return new Violation('L2', `${orders.join(', ')} still stands`);
  if (duePlans.length > 0) return new Violation('L2', `plan ${duePlans.join(', ')} goes on`);
  // One that knows more than the store will put it right, and everything moves once more.
  for (const [name, { regressed }] of world.readers) {
    if (regressed) return new Violation('L2', `${name} does not follow the store`);
  }
  for (const [name, { redirector }] of world.redirectors) {
    const { gate, view, membership } = redirector;
    const generation = formatGeneration(gate.generation);
    if (head === undefined || !isSameGeneration(gate.generation, head.generation)) {
      return new Violation('L2', `${name} has generation ${generation}`);
    }
    if (view.regressed) return new Violation('L2', `${name} does not follow the store`);
    if (!membership.isLive()) return new Violation('L2', `${name} is no live member`);
    if (gate.heldRequests > 0) return new Violation('L1', `${name} still holds requests`);
  }
  return unowned(world);
}

/** Each server owns what the table gives it, and nothing else. */
function unowned({ checker, servers, shape }: World): Violation | undefined {
  const { placements } = checker.records;
  for (const resource of shape.resources) {
    if (!placements.has(resource)) return new Violation('L2', `${resource} has no server`);
  }
  for (const [name, { agent }] of servers) {
    if (!isFenced(name)) continue;
    if (agent?.isStarted !== true)
      return new Violation('L2', `the agent of ${name} has not started`);
    const owned = new Map<ResourceId, string>(
      agent.ownership.owned().map(({ resource, since }) => [resource, formatGeneration(since)]),
    );
    for (const [resource, { server, since }] of placements) {
      const should = server === name ? formatGeneration(since) : undefined;
      const is = owned.get(resource);
      if (is === should) continue;
      const what = `${name} owns ${resource} since ${is ?? 'never'}, not ${should ?? 'never'}`;
      return new Violation('L2', what);
    }
  }
  return undefined;
}
