import type { ResourceId, ServerId } from '../../../core/domain.js';
import { Kept } from '../../../core/kept.js';
import type { Eligibility } from '../../../core/table-store/eligibility.js';
import type { EligibleRecord } from '../../../core/table-store/records/server.js';
import { ELIGIBLE } from '../../../core/table-store/records/server.js';
import type { TableView } from '../../../core/table-store/view.js';

type ServersByResource = ReadonlyMap<ResourceId, readonly ServerId[]>;

/** Who may serve what: the same object as long as all of it is the same. */
export interface Eligible {
  /** Shared or not. */
  readonly all: ServersByResource;
  /** Several servers serve it at the same time. */
  readonly shared: ReadonlySet<ResourceId>;
  /** One server at a time. */
  readonly exclusive: ServersByResource;
}

/** Servers that announce the same resources. */
interface Peers {
  readonly resources: EligibleRecord['resources'];
  readonly servers: ServerId[];
}

/**
 * Who may serve what, as `Eligibility.servers` says it, made anew only when announcements are other ones (the same object otherwise): thousands of resources
 * may be announced by each of hundreds of servers. Resources that the same servers may serve share one list.
 */
export class EligibleServers {
  readonly #view: TableView;
  readonly #eligibility: Eligibility;
  readonly #all = new Kept<ServersByResource>();
  readonly #now = new Kept<Eligible>();

  constructor({
    view,
    eligibility,
  }: {
    readonly view: TableView;
    readonly eligibility: Eligibility;
  }) {
    this.#view = view;
    this.#eligibility = eligibility;
  }

  now(): Eligible {
    const all = this.#announced();
    const shared: ResourceId[] = [];
    for (const resource of all.keys()) {
      if (this.#eligibility.isShared(resource)) shared.push(resource);
    }
    return this.#now.of([all, ...shared], () => ({
      all,
      shared: new Set(shared),
      exclusive: without(all, shared),
    }));
  }

  servers(): ServersByResource {
    return this.now().exclusive;
  }

  /** Shared or not. The same object as long as all announcements that count are the same. */
  #announced(): ServersByResource {
    const ids = [...this.#view.all(ELIGIBLE).keys()].sort();
    const live = ids.flatMap((server) => {
      const record = this.#view.get(ELIGIBLE, server)?.value;
      return record === undefined || !this.#eligibility.isLive(server) ? [] : [{ server, record }];
    });
    const facts = live.flatMap(({ server, record }) => [server, record]);
    return this.#all.of(facts, () => serversByResource(live));
  }
}

function without(all: ServersByResource, shared: readonly ResourceId[]): ServersByResource {
  const left = new Map(all);
  for (const resource of shared) left.delete(resource);
  return left;
}

function serversByResource(
  live: readonly { readonly server: ServerId; readonly record: EligibleRecord }[],
): ServersByResource {
  const groups: Peers[] = [];
  for (const { server, record } of live) {
    const peers = groups.find(({ resources }) => areSame(resources, record.resources));
    if (peers !== undefined) peers.servers.push(server);
    else groups.push({ resources: record.resources, servers: [server] });
  }
  const groupsOf = new Map<ResourceId, number[]>();
  for (const [group, { resources }] of groups.entries()) {
    for (const resource of resources) {
      const known = groupsOf.get(resource);
      if (known === undefined) groupsOf.set(resource, [group]);
      else if (known.at(-1) !== group) known.push(group);
    }
  }
  const lists = new Map<string, readonly ServerId[]>();
  const servers = new Map<ResourceId, readonly ServerId[]>();
  for (const [resource, own] of groupsOf) {
    const key = own.join();
    const list = lists.get(key) ?? own.flatMap((group) => groups[group]?.servers ?? []).sort();
    lists.set(key, list);
    servers.set(resource, list);
  }
  return servers;
}

function areSame(one: readonly ResourceId[], other: readonly ResourceId[]): boolean {
  return one.length === other.length && one.every((resource, at) => resource === other[at]);
}
