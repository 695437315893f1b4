import type { ResourceId, ServerId, Sharing } from '../../core/domain.js';
import { every } from '../../core/every.js';
import type { Log } from '../../core/log.js';
import type { Rng } from '../../core/rng.js';
import type { EligibleRecord } from '../../core/table-store/records/server.js';
import { ELIGIBLE } from '../../core/table-store/records/server.js';
import type { Candidate } from './choice.js';
import { Choice } from './choice.js';
import type { ServerLoads } from './server-loads.js';
import type { StandingsParts } from './standings.js';
import { Standings } from './standings.js';
import { weightsOf } from './weights.js';

export interface SharedResourcesParts extends StandingsParts {
  readonly rng: Rng;
  readonly log: Log;
  readonly loads: ServerLoads;
  /** Undefined: it has one server at a time. */
  readonly sharingOf: (resource: ResourceId) => Sharing | undefined;
}

export interface SharedResourcesOptions {
  /** A server that comes, or comes back, gets its whole part of the work after so long. */
  readonly slowStartMs: number;
}

/** Ramps go on, and ejections end, by such steps. */
const LOOK_MS = 500;

/** Resources that are served by the same servers, in the same way. */
interface Group {
  readonly sharing: Sharing;
  /** That may serve them, by name. */
  readonly servers: readonly ServerId[];
  readonly choice: Choice;
  readonly resources: Set<ResourceId>;
}

/**
 * Resources that several servers serve at the same time: keeps the gate's choices true to who may serve them and is well. A
 * server that drains, is lost, cannot be reached from here or was ejected gets nothing new; nothing of it is moved or waited
 * for. Whether announcements go on is not asked: with the whole control plane dead they are served as before.
 */
export class SharedResources {
  readonly #parts: SharedResourcesParts;
  #options: SharedResourcesOptions;
  /** Of each server's record, what is shared: read again when the record is another. */
  readonly #eligible = new Map<
    ServerId,
    { readonly record: EligibleRecord; readonly shared: readonly ResourceId[] }
  >();
  #groups: ReadonlyMap<string, Group> = new Map();
  /** Of all groups. */
  #servers: ReadonlySet<ServerId> = new Set();
  readonly #standings: Standings;
  /** Declared shared, and owned all the same. */
  readonly #owned = new Set<ResourceId>();
  #size = 0;

  constructor(parts: SharedResourcesParts, options: SharedResourcesOptions) {
    this.#parts = parts;
    this.#options = options;
    this.#standings = new Standings(parts);
  }

  /** Until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { view, clock } = this.#parts;
    const end = view.onChange(() => {
      this.look();
    });
    this.look();
    await every(clock, { everyMs: LOOK_MS, signal }, () => {
      this.look();
    });
    end();
  }

  reconfigure(options: SharedResourcesOptions): void {
    this.#options = options;
    this.#weigh(true);
  }

  /** Something is different: who may serve what, or who is well. */
  look(): void {
    const isNews = this.#read();
    if (isNews) this.#regroup();
    this.#weigh(isNews);
  }

  /** How many there are. */
  get size(): number {
    return this.#size;
  }

  /** Whether anything is different of who may serve what. */
  #read(): boolean {
    const { view, gate, sharingOf } = this.#parts;
    let isNews = false;
    for (const [server, { value: record }] of view.all(ELIGIBLE)) {
      if (this.#eligible.get(server)?.record === record) continue;
      const shared = record.resources.filter((resource) => sharingOf(resource) !== undefined);
      this.#eligible.set(server, { record, shared });
      isNews = true;
    }
    for (const server of this.#eligible.keys()) {
      if (view.get(ELIGIBLE, server) === undefined) isNews = this.#eligible.delete(server);
    }
    // One may have got an owner, by a process whose config says otherwise: the gate shares it no more. Or lost it.
    if (gate.shared !== this.#size) isNews = true;
    for (const resource of this.#owned) isNews ||= this.#ownerOf(resource) === undefined;
    return isNews;
  }

  #regroup(): void {
    const { gate, log } = this.#parts;
    const former = this.#groups;
    const groups = new Map<string, Group>();
    for (const [resource, servers] of this.#serversOf()) {
      const sharing = this.#parts.sharingOf(resource);
      if (sharing === undefined || this.#isOwned(resource)) continue;
      const key = `${sharing.policy} ${sharing.servers === 'all' ? 'all' : 'named'} ${servers.join(' ')}`;
      let group = groups.get(key);
      if (group === undefined) {
        const choice = former.get(key)?.choice ?? new Choice(this.#parts, sharing.policy);
        group = { sharing, servers, choice, resources: new Set() };
        groups.set(key, group);
      }
      group.resources.add(resource);
    }
    this.#groups = groups;
    const shared = new Set([...groups.values()].flatMap(({ resources }) => [...resources]));
    for (const { resources } of former.values()) {
      const left = [...resources].filter((resource) => !shared.has(resource));
      gate.share(left, undefined);
    }
    this.#servers = new Set([...groups.values()].flatMap(({ servers }) => servers));
    // A choice that is new is empty until it is weighed; that opens it.
    for (const { choice, resources } of groups.values()) {
      for (const resource of gate.share(resources, choice)) {
        log.warn({ resource }, 'resource cannot be shared');
        resources.delete(resource);
      }
    }
    this.#size = gate.shared;
  }

  /** Those that may serve each, sorted. */
  #serversOf(): ReadonlyMap<ResourceId, readonly ServerId[]> {
    const all = new Map<ResourceId, ServerId[]>();
    for (const server of [...this.#eligible.keys()].sort()) {
      for (const resource of this.#eligible.get(server)?.shared ?? []) {
        const wanted = this.#parts.sharingOf(resource)?.servers ?? [];
        const servers = all.get(resource) ?? [];
        all.set(resource, servers);
        if (wanted === 'all' || wanted.includes(server)) servers.push(server);
      }
    }
    return all;
  }

  #ownerOf(resource: ResourceId): ServerId | undefined {
    const { view, gate } = this.#parts;
    return (view.table.placementOf(resource) ?? gate.placementOf(resource))?.server;
  }

  /** It keeps its owner, which counts on being alone. */
  #isOwned(resource: ResourceId): boolean {
    const { log } = this.#parts;
    const server = this.#ownerOf(resource);
    if (server === undefined) {
      this.#owned.delete(resource);
      return false;
    }
    if (!this.#owned.has(resource)) log.warn({ resource, server }, 'shared resource has an owner');
    this.#owned.add(resource);
    return true;
  }

  /** Weighs the servers of all groups anew, if there is a reason to. */
  #weigh(isForced: boolean): void {
    const { gate } = this.#parts;
    const isNews = this.#standings.look(this.#servers);
    // The last step of a ramp is taken after its end.
    const isRamping = this.#standings.isAnyNewerThan(this.#options.slowStartMs + LOOK_MS);
    if (!isNews && !isRamping && !isForced) return;
    for (const { choice, resources, ...group } of this.#groups.values()) {
      const wasEmpty = choice.isEmpty;
      const candidates = this.#candidatesOf(group);
      choice.among(candidates);
      if (!wasEmpty || candidates.length === 0) continue;
      // What waited for a server goes on.
      gate.share(resources, choice);
    }
  }

  #candidatesOf({ servers, sharing }: Pick<Group, 'servers' | 'sharing'>): Candidate[] {
    const well = servers.flatMap((server) => {
      const standing = this.#standings.of(server);
      const isWanted =
        standing?.isWell === true && (sharing.servers !== 'all' || !standing.isSpare);
      return isWanted ? [standing] : [];
    });
    const kept = well.filter(({ isEjected }) => !isEjected);
    // All of them ejected: better than nobody.
    const chosen = kept.length > 0 ? kept : well;
    const nowMs = this.#parts.clock.monotonicMs();
    const weights = weightsOf(
      chosen.map(({ headroom, capacity, availableSinceMs }) => ({
        ...{ headroom, capacity },
        availableForMs: Math.max(0, nowMs - availableSinceMs),
      })),
      this.#options.slowStartMs,
    );
    return chosen.map(({ server }, at) => ({ server, weight: weights[at] ?? 1 }));
  }
}
