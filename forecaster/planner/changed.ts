import type { ResourceId, ServerId } from '../../core/domain.js';
import { fail } from '../../core/errors.js';
import { NO_GENERATION } from '../../core/generation.js';
import type { PlannerOptions, PlanningInputs, PlanningResource, PlanningServer } from './inputs.js';

/** What somebody may want to try before doing it. */
export type Change =
  /** It may serve everything; with `like` what that one may, and it has what of its capacity is not said. */
  | { readonly kind: 'add-server'; readonly server: PlanningServer; readonly like?: ServerId }
  | { readonly kind: 'drain-server'; readonly server: ServerId }
  | { readonly kind: 'lose-server'; readonly server: ServerId }
  | {
      readonly kind: 'resize-server';
      readonly server: ServerId;
      /** In the dimensions that change. */
      readonly capacity: PlanningServer['capacity'];
    }
  /** It is there, and stays. */
  | { readonly kind: 'move-resource'; readonly resource: ResourceId; readonly server: ServerId }
  | { readonly kind: 'set-options'; readonly options: Partial<PlannerOptions> };

/**
 * The inputs as they would be: what to plan with to see what a change would bring.
 * @throws ERR_SERVER_UNKNOWN, ERR_RESOURCE_UNKNOWN, ERR_CHANGE_INVALID — there is such a server already
 */
export function changed(inputs: PlanningInputs, change: Change): PlanningInputs {
  switch (change.kind) {
    case 'add-server':
      return withServer(inputs, change);
    case 'drain-server':
      return withChangedServer(inputs, change.server, { state: 'draining' });
    case 'lose-server':
      return withChangedServer(inputs, change.server, { state: 'lost' });
    case 'resize-server': {
      const { capacity } = serverNamed(inputs, change.server);
      const next = { ...capacity, ...change.capacity };
      return withChangedServer(inputs, change.server, { capacity: next });
    }
    case 'move-resource':
      return withMoved(inputs, change);
    case 'set-options': {
      // One that is said is as if it were pinned: the tail does not count then.
      const pinned = change.options.quantile === undefined ? {} : { countsTail: false };
      return { ...inputs, options: { ...inputs.options, ...change.options, ...pinned } };
    }
  }
}

function serverNamed({ servers }: PlanningInputs, server: ServerId): PlanningServer {
  return servers.find(({ id }) => id === server) ?? fail('ERR_SERVER_UNKNOWN', { server });
}

function withServer(
  inputs: PlanningInputs,
  { server, like }: Extract<Change, { readonly kind: 'add-server' }>,
): PlanningInputs {
  if (inputs.servers.some(({ id }) => id === server.id)) {
    fail('ERR_CHANGE_INVALID', { change: `add ${server.id}`, why: 'there is such a server' });
  }
  const model = like === undefined ? undefined : serverNamed(inputs, like);
  // Arrays that were shared stay shared: see PlanningResource.eligible.
  const widened = new Map<readonly ServerId[], readonly ServerId[]>();
  const widen = (eligible: readonly ServerId[]): readonly ServerId[] => {
    if (like !== undefined && !eligible.includes(like)) return eligible;
    const known = widened.get(eligible) ?? [...eligible, server.id];
    widened.set(eligible, known);
    return known;
  };
  const added = { ...server, capacity: { ...model?.capacity, ...server.capacity } };
  return {
    ...inputs,
    servers: [...inputs.servers, added],
    resources: inputs.resources.map((resource) => ({
      ...resource,
      eligible: widen(resource.eligible),
    })),
  };
}

function withChangedServer(
  inputs: PlanningInputs,
  id: ServerId,
  change: Partial<PlanningServer>,
): PlanningInputs {
  serverNamed(inputs, id);
  return {
    ...inputs,
    servers: inputs.servers.map((server) => (server.id === id ? { ...server, ...change } : server)),
  };
}

/** It was moved there, whoever may serve it, and is held: what would follow is what others would do. */
function withMoved(
  inputs: PlanningInputs,
  { resource, server }: { readonly resource: ResourceId; readonly server: ServerId },
): PlanningInputs {
  serverNamed(inputs, server);
  const at = inputs.resources.findIndex(({ id }) => id === resource);
  if (at < 0) fail('ERR_RESOURCE_UNKNOWN', { resource });
  const known = inputs.resources[at]!;
  const { eligible, since, wanted } = known;
  const moved: PlanningResource = {
    ...known,
    server,
    since: since ?? NO_GENERATION,
    movingTo: null,
    pinned: server,
    ...(wanted !== undefined && { wanted: server }),
    eligible: eligible.includes(server) ? eligible : [...eligible, server],
  };
  return { ...inputs, resources: inputs.resources.with(at, moved) };
}
