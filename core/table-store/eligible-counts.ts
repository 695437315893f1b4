import type { ResourceId, ServerId } from '../domain.js';
import type { EligibleRecord } from './records/server.js';

/**
 * How many servers may serve each resource. What a server announces is counted once, and again when it is another: thousands of
 * resources may be announced by each of hundreds of servers, and lists of both would be millions of entries.
 */
export class EligibleCounts {
  readonly #counted = new Map<ServerId, EligibleRecord>();
  readonly #counts = new Map<ResourceId, number>();

  /** @param now what each server may serve whose announcements go on; the answer changes with the next call */
  of(now: ReadonlyMap<ServerId, EligibleRecord>): ReadonlyMap<ResourceId, number> {
    for (const [server, record] of this.#counted) {
      if (now.get(server) === record) continue;
      this.#add(record, -1);
      this.#counted.delete(server);
    }
    for (const [server, record] of now) {
      if (this.#counted.has(server)) continue;
      this.#add(record, 1);
      this.#counted.set(server, record);
    }
    return this.#counts;
  }

  #add({ resources }: EligibleRecord, by: 1 | -1): void {
    for (const resource of resources) {
      const count = (this.#counts.get(resource) ?? 0) + by;
      if (count === 0) this.#counts.delete(resource);
      else this.#counts.set(resource, count);
    }
  }
}
