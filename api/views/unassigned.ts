import type { ResourceId, ServerId } from '../../core/domain.js';
import type { Eligibility } from '../../core/table-store/eligibility.js';
import type { EligibleRecord } from '../../core/table-store/records/server.js';
import { ELIGIBLE } from '../../core/table-store/records/server.js';
import type { TableView } from '../../core/table-store/view.js';

interface Known {
  readonly record: EligibleRecord;
  readonly unplaced: readonly ResourceId[];
}

/**
 * Resources that some server may serve and none does. What each server announces is looked through once, and again when
 * it or the table is another: thousands of resources may be announced by each of hundreds of servers.
 */
export class Unassigned {
  readonly #view: TableView;
  readonly #eligibility: Eligibility;
  #known = new Map<ServerId, Known>();
  #table: TableView['table'] | undefined;

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

  count(): number {
    const { table } = this.#view;
    const isSame = this.#table !== undefined && table.changedSince(this.#table)?.length === 0;
    if (!isSame) this.#known.clear();
    this.#table = table;
    const unplaced = new Set<ResourceId>();
    const known = new Map<ServerId, Known>();
    for (const [server, { value }] of this.#view.all(ELIGIBLE)) {
      const former = this.#known.get(server);
      const now = former?.record === value ? former : this.#lookThrough(value);
      known.set(server, now);
      if (!this.#eligibility.isLive(server)) continue;
      for (const resource of now.unplaced) {
        if (!this.#eligibility.isShared(resource)) unplaced.add(resource);
      }
    }
    this.#known = known;
    return unplaced.size;
  }

  #lookThrough(record: EligibleRecord): Known {
    const { table } = this.#view;
    const unplaced = record.resources.filter((id) => table.placementOf(id) === undefined);
    return { record, unplaced };
  }
}
