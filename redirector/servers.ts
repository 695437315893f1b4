import type { Address, ResourceId, ServerId } from '../core/domain.js';
import { isName, parseAddress } from '../core/domain.js';
import { compareGenerations, readGeneration } from '../core/generation.js';
import type { Log } from '../core/log.js';
import type { KnownRecords } from '../core/table-store/known-records.js';
import { SERVER } from '../core/table-store/records/server.js';
import type { HttpServers } from './adapters/http/context.js';
import type { ServerLink } from './adapters/servers.js';
import type { Gate } from './gate.js';

export interface ServersParts {
  readonly view: Pick<KnownRecords, 'get'>;
  /** Asked for when it is needed: the gate asks back here. */
  readonly gate: () => Gate;
  readonly log: Log;
  readonly suspect: (server: ServerId) => void;
  /** An agent says that the resource has another owner; `isLearned`: nobody here knew. */
  readonly misdirected: (resource: ResourceId, owner: string, isLearned: boolean) => void;
  readonly linkOf: (server: ServerId) => ServerLink;
}

/** A resource that moved, as the agent of its former server tells it. */
interface NewOwner {
  readonly server: ServerId;
  readonly address: Address;
  readonly since: string;
}

/**
 * What adapters ask about servers. Knows them from the table store; and, where a server's agent refuses a
 * request since the resource has moved, from what that agent says: so a redirector that is cut off from the
 * store still finds the way.
 */
export class Servers implements HttpServers {
  readonly #parts: ServersParts;
  /** Of servers that only agents have told us about. */
  readonly #learned = new Map<ServerId, Address>();

  constructor(parts: ServersParts) {
    this.#parts = parts;
  }

  addressOf(server: ServerId): Address | undefined {
    return this.#parts.view.get(SERVER, server)?.value.address ?? this.#learned.get(server);
  }

  linkOf(server: ServerId): ServerLink {
    return this.#parts.linkOf(server);
  }

  hasFence(server: ServerId): boolean {
    const record = this.#parts.view.get(SERVER, server)?.value;
    return record === undefined ? this.#learned.has(server) : record.fence === 'request';
  }

  suspect(server: ServerId): void {
    this.#parts.suspect(server);
  }

  misdirected(resource: ResourceId, owner: string, by?: ServerId): void {
    const isLearned = this.learn(resource, owner);
    if (!isLearned && by !== undefined) this.#parts.gate().denied(resource, by);
    this.#parts.misdirected(resource, owner, isLearned);
  }

  /** What an agent said of a resource's owner. False: it was known, or cannot be used. */
  learn(resource: ResourceId, owner: string): boolean {
    const gate = this.#parts.gate();
    const told = parseOwner(owner);
    const since = readGeneration(told?.since ?? '');
    const known = gate.placementOf(resource);
    if (told === undefined || since === undefined || known === undefined) return false;
    if (compareGenerations(since, known.since) <= 0) return false;
    this.#learned.set(told.server, told.address);
    gate.correct(resource, { server: told.server, since, standby: null });
    this.#parts.log.info({ resource, server: told.server }, 'new server learned from an agent');
    return true;
  }
}

/** `server;address;since`; undefined for `in-transit` and for anything else. */
function parseOwner(text: string): NewOwner | undefined {
  const [server = '', address = '', since = ''] = text.split(';');
  if (!isName(server)) return undefined;
  try {
    return { server: server as ServerId, address: parseAddress(address), since };
  } catch {
    // Not an address: a hint that cannot be used is no hint.
    return undefined;
  }
}
