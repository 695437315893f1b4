import type { ResourceId, ServerId, ServerState } from '../../core/domain.js';
import { fail } from '../../core/errors.js';
import { Draft } from '../../core/table-store/draft.js';
import type { Eligibility } from '../../core/table-store/eligibility.js';
import type { PinRecord, ServerStateRecord } from '../../core/table-store/records/server.js';
import { ELIGIBLE, PIN, SERVER, SERVER_STATE } from '../../core/table-store/records/server.js';
import type { TableView } from '../../core/table-store/view.js';
import type { ActParts, Actor } from './act.js';
import { act } from './act.js';

/** What an operator wants of a server from now on; it outlives restarts. @throws ERR_SERVER_UNKNOWN */
export function setServerState(
  server: ServerId,
  state: ServerState,
  actor: Actor,
  parts: ActParts,
): Promise<ServerStateRecord> {
  const { view, clock } = parts;
  return act('server-state', actor, parts, () => {
    assertServer(view, server);
    const former = view.get(SERVER_STATE, server)?.value;
    const was = former?.state ?? 'ready';
    const record = { state, by: actor.by, reason: actor.reason, sinceMs: clock.realtimeMs() };
    if (was === state) return { draft: undefined, detail: '', result: former ?? record };
    const draft = new Draft().expect(view, SERVER_STATE, server).put(SERVER_STATE, server, record);
    return { draft, detail: `${server} ${was} to ${state}`, result: record };
  });
}

export interface PinParts extends ActParts {
  readonly eligibility: Pick<Eligibility, 'isShared'>;
}

/**
 * The resource belongs on this server; null takes the pin away.
 * @throws ERR_SERVER_UNKNOWN, ERR_RESOURCE_UNKNOWN, ERR_RESOURCE_SHARED
 */
export function pinResource(
  resource: ResourceId,
  server: ServerId | null,
  actor: Actor,
  parts: PinParts,
): Promise<PinRecord | null> {
  const { view, clock, eligibility } = parts;
  return act('pin', actor, parts, () => {
    assertResource(view, resource);
    if (server !== null) assertServer(view, server);
    if (server !== null && eligibility.isShared(resource))
      fail('ERR_RESOURCE_SHARED', { resource });
    const former = view.get(PIN, resource)?.value ?? null;
    if ((former?.server ?? null) === server) {
      return { draft: undefined, detail: '', result: former };
    }
    const draft = new Draft().expect(view, PIN, resource);
    if (server === null) {
      draft.remove(PIN, resource);
      return { draft, detail: `${resource} unpinned`, result: null };
    }
    const record = { server, by: actor.by, reason: actor.reason, sinceMs: clock.realtimeMs() };
    draft.put(PIN, resource, record);
    return { draft, detail: `${resource} pinned to ${server}`, result: record };
  });
}

export function assertServer(view: TableView, server: ServerId): void {
  if (view.get(SERVER, server) === undefined) fail('ERR_SERVER_UNKNOWN', { server });
}

/** In the table, or announced or declared by some server. */
export function assertResource(view: TableView, resource: ResourceId): void {
  if (view.table.placementOf(resource) !== undefined) return;
  for (const { value } of view.all(ELIGIBLE).values()) {
    if (value.resources.includes(resource)) return;
  }
  fail('ERR_RESOURCE_UNKNOWN', { resource });
}
