import type { ServerId } from '../../core/domain.js';
import type { PlanningResource } from './inputs.js';
import type { Allowed, Role } from './problem.js';

export interface Servers {
  readonly serverIndex: ReadonlyMap<ServerId, number>;
  readonly roles: readonly Role[];
}

/** Where resources may be, by index. */
export interface AllowedSets {
  /** The ready ones of its eligible servers, or its pin alone if that can serve it. */
  readonly allowed: readonly Allowed[];
  /** The ready ones of its eligible servers. */
  readonly refuges: readonly Allowed[];
}

/** Equal sets are one object, so that a fleet where everybody may serve everything holds one. */
export function allowedSets(resources: readonly PlanningResource[], servers: Servers): AllowedSets {
  const byList = new Map<readonly ServerId[], Allowed>();
  const byKey = new Map<string, Allowed>();
  const shared = (allowed: Allowed): Allowed => {
    const key = `${allowed.isPin ? 'pin' : ''}${allowed.servers.join()}`;
    const known = byKey.get(key);
    if (known === undefined) byKey.set(key, allowed);
    return known ?? allowed;
  };
  const pinnedSet = (resource: PlanningResource, pinned: ServerId, eligible: Allowed): Allowed => {
    const pin = servers.serverIndex.get(pinned);
    if (pin !== undefined && eligible.mask[pin] === 1)
      return shared(setOf([pinned], servers, true));
    return isHeld(resource, pin, servers) ? shared(setOf([], servers, true)) : eligible;
  };
  let latest: { readonly eligible: readonly ServerId[]; readonly set: Allowed } | undefined;
  const eligibleSet = (eligible: readonly ServerId[]): Allowed => {
    // As a rule the resource before it has the same.
    if (latest?.eligible === eligible) return latest.set;
    const set = byList.get(eligible) ?? shared(setOf(eligible, servers, false));
    byList.set(eligible, set);
    latest = { eligible, set };
    return set;
  };
  const refuges = resources.map(({ eligible }) => eligibleSet(eligible));
  const allowed = refuges.slice();
  for (let row = 0; row < resources.length; row++) {
    const resource = resources[row]!;
    if (resource.pinned === null) continue;
    allowed[row] = pinnedSet(resource, resource.pinned, refuges[row]!);
  }
  return { allowed, refuges };
}

/** On its pin, which is to be emptied: it may go nowhere until the operator takes the pin away. */
function isHeld(
  { pinned, server }: PlanningResource,
  pin: number | undefined,
  { roles }: Servers,
): boolean {
  return pinned === server && pin !== undefined && roles[pin] !== 'lost';
}

function setOf(ids: readonly ServerId[], { serverIndex, roles }: Servers, isPin: boolean): Allowed {
  const mask = new Uint8Array(roles.length);
  for (const id of ids) {
    const server = serverIndex.get(id);
    if (server !== undefined && roles[server] === 'ready') mask[server] = 1;
  }
  const servers = Int32Array.from(mask.keys()).filter((server) => mask[server] === 1);
  return { mask, servers, isPin };
}
