import type { Clock } from '../../core/clock/port.js';
import type { ResourceId, ServerId, Sharing } from '../../core/domain.js';
import { every } from '../../core/every.js';
import type { Log } from '../../core/log.js';
import type { Rng } from '../../core/rng.js';
import { HEADROOM, headroomOf } from '../../core/table-store/records/headroom.js';
import type { EligibleRecord } from '../../core/table-store/records/server.js';
import { ELIGIBLE, SERVER } from '../../core/table-store/records/server.js';
import { stateOf } from '../../core/table-store/server-state.js';
import type { TableView } from '../../core/table-store/view.js';
import type { Gate } from '../gate.js';
import type { Outliers } from '../health/outliers.js';
import { Choice } from './choice.js';
import type { ServerLoads } from './server-loads.js';
import { weightsOf } from './weights.js';

export interface SharedResourcesParts {
  readonly view: TableView;
  readonly gate: Gate;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly log: Log;
  readonly loads: ServerLoads;
  readonly outliers: Pick<Outliers, 'isEjected'>;
  readonly isReachable: (server: ServerId) => boolean;
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
  /** Since when each server can be chosen (monotonic); absent: it cannot. */
  readonly #availableSinceMs = new Map<ServerId, number>();
  readonly #owned = new Set<ResourceId>();
  #isFirst = true;

  constructor(parts: SharedResourcesParts, options: SharedResourcesOptions) {
    this.#parts = parts;
    this.#options = options;
  }

  /** Until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { view, clock } = this.#parts;
    const end = view.onChange(() => {
      this.look();
    });
    this.look();
    await every(clock, { everyMs: LOOK_MS, signal }, () => {
      this.#weigh();
    });
    end();
  }

  reconfigure(options: SharedResourcesOptions): void {
    this.#options = options;
    this.#weigh();
  }

  /** Something is different: who may serve what, or who is well. */
  look(): void {
    if (this.#read()) this.#regroup();
    this.#weigh();
  }

  get size(): number {
    return [...this.#groups.values()].reduce((sum, { resources }) => sum + resources.size, 0);
  }

  /** Whether anything is different of who may serve what. */
  #read(): boolean {
    const { view, sharingOf, gate } = this.#parts;
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
    // An owner may have come by a process whose config says otherwise.
    for (const { resources } of this.#groups.values()) {
      for (const resource of resources) isNews ||= gate.placementOf(resource) !== undefined;
    }
    for (const resource of this.#owned) isNews ||= gate.placementOf(resource) === undefined;
    return isNews;
  }

  #regroup(): void {
    const { gate } = this.#parts;
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
      for (const resource of resources) {
        if (!shared.has(resource)) gate.share(resource, undefined);
      }
    }
    // A choice that is new is empty until it is weighed; that opens it.
    for (const { choice, resources } of groups.values()) {
      for (const resource of resources) gate.share(resource, choice);
    }
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

  /** It keeps its owner, which counts on being alone. */
  #isOwned(resource: ResourceId): boolean {
    const { gate, log } = this.#parts;
    const server = gate.placementOf(resource)?.server;
    if (server === undefined) {
      this.#owned.delete(resource);
      return false;
    }
    if (!this.#owned.has(resource)) log.warn({ resource, server }, 'shared resource has an owner');
    this.#owned.add(resource);
    return true;
  }

  #weigh(): void {
    const { gate } = this.#parts;
    this.#seeWhoIsAvailable();
    for (const group of this.#groups.values()) {
      const wasEmpty = group.choice.isEmpty;
      const candidates = this.#candidatesOf(group);
      group.choice.among(candidates);
      if (!wasEmpty || candidates.length === 0) continue;
      // What waited for a server goes on.
      for (const resource of group.resources) gate.share(resource, group.choice);
    }
  }

  #seeWhoIsAvailable(): void {
    const nowMs = this.#parts.clock.monotonicMs();
    const servers = new Set([...this.#groups.values()].flatMap((group) => group.servers));
    for (const server of servers) {
      if (!this.#isWell(server) || this.#isEjected(server)) this.#availableSinceMs.delete(server);
      else if (!this.#availableSinceMs.has(server)) {
        // Those that are there from the beginning are not new.
        this.#availableSinceMs.set(server, this.#isFirst ? -Infinity : nowMs);
      }
    }
    if (servers.size > 0) this.#isFirst = false;
  }

  #candidatesOf({ servers, sharing }: Group) {
    const { view, gate, clock } = this.#parts;
    const isWanted = (server: ServerId): boolean =>
      this.#isWell(server) && (sharing.servers !== 'all' || !this.#isSpare(server));
    const well = servers.filter(isWanted);
    const kept = well.filter((server) => !this.#isEjected(server));
    // All of them ejected: better than nobody.
    const chosen = kept.length > 0 ? kept : well;
    const nowMs = clock.monotonicMs();
    const headroom = view.get(HEADROOM, 'forecast')?.value;
    const weights = weightsOf(
      chosen.map((server) => ({
        headroom: headroomOf(headroom, server, clock.realtimeMs()),
        capacity: view.get(SERVER, server)?.value.capacity ?? {},
        availableForMs: nowMs - (this.#availableSinceMs.get(server) ?? nowMs),
      })),
      this.#options.slowStartMs,
    );
    return chosen.map((server, at) => ({
      server: gate.serverIndexOf(server),
      weight: weights[at] ?? 1,
    }));
  }

  #isWell(server: ServerId): boolean {
    const { view, isReachable } = this.#parts;
    return stateOf(view, server) === 'ready' && isReachable(server);
  }

  #isSpare(server: ServerId): boolean {
    return this.#parts.view.get(SERVER, server)?.value.spare === true;
  }

  #isEjected(server: ServerId): boolean {
    const { gate, outliers } = this.#parts;
    return outliers.isEjected(gate.serverIndexOf(server));
  }
}
