import type { ServerId, ServerState } from '../domain.js';
import { LOST, SERVER, SERVER_STATE } from './records/server.js';
import type { KnownRecords } from './known-records.js';

/** How a server stands: what the redirectors found goes before what an operator wants. */
export type ServerStanding = ServerState | 'lost' | 'unknown';

export function stateOf(view: Pick<KnownRecords, 'get'>, server: ServerId): ServerStanding {
  if (view.get(SERVER, server) === undefined) return 'unknown';
  if (view.get(LOST, server) !== undefined) return 'lost';
  return view.get(SERVER_STATE, server)?.value.state ?? 'ready';
}
