import type { Clock } from '../clock/port.js';
import type { ResourceId, ServerId } from '../domain.js';
import { ANNOUNCED, ELIGIBLE } from './records/server.js';
import type { TableView } from './view.js';

/** Announcements count this much longer than their agents meant: clocks differ a little. */
const MARGIN = 1.25;

/**
 * Who may serve what, from the announcements whose leases live and from the config. Leases are judged by
 * this process' monotonic clock, from changes of `beat`. Says nothing about who does serve.
 */
export class Eligibility {
  readonly #view: TableView;
  readonly #clock: Clock;
  readonly #seen = new Map<ServerId, { readonly beat: number; readonly atMs: number }>();

  constructor({ view, clock }: { readonly view: TableView; readonly clock: Clock }) {
    this.#view = view;
    this.#clock = clock;
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

  /** The servers that may serve each resource, by name. A resource that nobody may serve is absent. */
  servers(): ReadonlyMap<ResourceId, readonly ServerId[]> {
    const servers = new Map<ResourceId, ServerId[]>();
    for (const server of [...this.#view.all(ELIGIBLE).keys()].sort()) {
      for (const resource of this.resourcesOf(server)) {
        const known = servers.get(resource);
        if (known === undefined) servers.set(resource, [server]);
        else known.push(server);
      }
    }
    return servers;
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
