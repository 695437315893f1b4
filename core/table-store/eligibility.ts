import type { Clock } from '../clock/port.js';
import type { ResourceId, ServerId } from '../domain.js';
import { EligibleCounts } from './eligible-counts.js';
import type { EligibleRecord } from './records/server.js';
import { ANNOUNCED, ELIGIBLE } from './records/server.js';
import type { TableView } from './view.js';

/** Announcements count this much longer than their agents meant: clocks differ a little. */
const MARGIN = 1.25;

export interface EligibilityParts {
  readonly view: TableView;
  readonly clock: Clock;
  /** Several servers serve it at the same time, unless the table gives it to one. Left out: none is. */
  readonly isShared?: (resource: ResourceId) => boolean;
}

/**
 * Who may serve what, from the announcements whose leases live and from the config. Leases are judged by
 * this process' monotonic clock, from changes of `beat`. Says nothing about who does serve.
 */
export class Eligibility {
  readonly #view: TableView;
  readonly #clock: Clock;
  readonly #isShared: (resource: ResourceId) => boolean;
  readonly #counts = new EligibleCounts();
  readonly #seen = new Map<ServerId, { readonly beat: number; readonly atMs: number }>();

  constructor({ view, clock, isShared = () => false }: EligibilityParts) {
    this.#view = view;
    this.#clock = clock;
    this.#isShared = isShared;
    this.#observe();
    view.onChange(() => {
      this.#observe();
    });
  }

  /** The resources that a server may serve now; empty once its announcements ended. */
  resourcesOf(server: ServerId): readonly ResourceId[] {
    const record = this.#view.get(ELIGIBLE, server)?.value;
    return record !== undefined && this.isLive(server) ? record.resources : [];
  }

  /** The servers that may serve each resource, by name: one of them at a time. Absent: what nobody may serve, and what is shared. */
  servers(): ReadonlyMap<ResourceId, readonly ServerId[]> {
    return this.#serversOf((resource) => !this.isShared(resource));
  }

  /** The servers that may serve each shared resource, all of them at the same time. */
  sharing(): ReadonlyMap<ResourceId, readonly ServerId[]> {
    return this.#serversOf((resource) => this.isShared(resource));
  }

  /** How many servers may serve each resource, shared or not. Absent: what nobody may serve. Valid until the next question. */
  counts(): ReadonlyMap<ResourceId, number> {
    const now = new Map<ServerId, EligibleRecord>();
    for (const [server, { value }] of this.#view.all(ELIGIBLE)) {
      if (this.isLive(server)) now.set(server, value);
    }
    return this.#counts.of(now);
  }

  /** The resources that somebody may serve, one server at a time. */
  owned(): ResourceId[] {
    return [...this.counts().keys()].filter((resource) => !this.isShared(resource));
  }

  #serversOf(
    isWanted: (resource: ResourceId) => boolean,
  ): ReadonlyMap<ResourceId, readonly ServerId[]> {
    const servers = new Map<ResourceId, ServerId[]>();
    for (const server of [...this.#view.all(ELIGIBLE).keys()].sort()) {
      for (const resource of this.resourcesOf(server)) {
        if (!isWanted(resource)) continue;
        const known = servers.get(resource);
        if (known === undefined) servers.set(resource, [server]);
        else known.push(server);
      }
    }
    return servers;
  }

  /** Several serve it at the same time: by the config, and no owner counts on being alone. */
  isShared(resource: ResourceId): boolean {
    return this.#isShared(resource) && this.#view.table.placementOf(resource) === undefined;
  }

  /** Its agent's announcements go on, or it needs none. */
  isLive(server: ServerId): boolean {
    const announced = this.#view.get(ANNOUNCED, server)?.value;
    const seen = this.#seen.get(server);
    if (announced === undefined || seen === undefined) return true;
    return this.#view.syncedAtMs <= seen.atMs + announced.leaseMs * MARGIN;
  }

  #observe(): void {
    for (const [server, { value }] of this.#view.all(ANNOUNCED)) {
      if (this.#seen.get(server)?.beat === value.beat) continue;
      this.#seen.set(server, { beat: value.beat, atMs: this.#clock.monotonicMs() });
    }
  }
}
