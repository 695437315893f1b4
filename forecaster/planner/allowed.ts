import type { ServerId } from '../../core/domain.js';
import type { PlanningResource } from './inputs.js';
import type { Allowed, Role } from './problem.js';

interface Servers {
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
  const eligibleSet = (eligible: readonly ServerId[]): Allowed => {
    const known = byList.get(eligible) ?? shared(setOf(eligible, servers, false));
    byList.set(eligible, known);
    return known;
  };
  const refuges = resources.map(({ eligible }) => eligibleSet(eligible));
  const allowed = resources.map((resource, index) => {
    const eligible = refuges[index]!;
    if (resource.pinned === null) return eligible;
    const pin = servers.serverIndex.get(resource.pinned);
    if (pin !== undefined && eligible.mask[pin] === 1) {
      return shared(setOf([resource.pinned], servers, true));
    }
    return isHeld(resource, pin, servers) ? shared(setOf([], servers, true)) : eligible;
  });
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
