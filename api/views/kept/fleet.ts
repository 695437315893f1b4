import type { ResourceId, ServerId } from '../../../core/domain.js';
import { Kept } from '../../../core/kept.js';
import type { RecordKind } from '../../../core/table-store/records/kind.js';
import type { TableView } from '../../../core/table-store/view.js';

type Residents = ReadonlyMap<ServerId, readonly ResourceId[]>;

/**
 * What answers ask of the table again and again, made once for each table: of ten thousand resources, at every look of every
 * console, that would be most of the work. And by what they can tell that records are the same as before.
 */
export class Fleet {
  readonly #view: TableView;
  readonly #residents = new Kept<Residents>();
  #table: TableView['table'];

  constructor(view: TableView) {
    this.#view = view;
    this.#table = view.table;
  }

  /** The same object as long as no resource got another placement, whatever else is written. */
  get placements(): object {
    const { table } = this.#view;
    if (table.changedSince(this.#table)?.length !== 0) this.#table = table;
    return this.#table;
  }

  /** What each server serves. */
  get residents(): Residents {
    return this.#residents.of([this.placements], () => residentsIn(this.#view));
  }

  /** Another text whenever a record of these kinds was written or taken away: each has the revision of the store that wrote it. */
  stampOf(kinds: readonly RecordKind<unknown, never>[]): string {
    const stamps = kinds.map((kind) => {
      let latest = 0;
      const records = this.#view.all(kind);
      for (const { revision } of records.values()) latest = Math.max(latest, revision);
      return `${records.size}:${latest}`;
    });
    return [this.#view.storeId, ...stamps].join(' ');
  }
}

function residentsIn(view: TableView): Residents {
  const residents = new Map<ServerId, ResourceId[]>();
  for (const [resource, { server }] of view.table.entries()) {
    const known = residents.get(server);
    if (known === undefined) residents.set(server, [resource]);
    else known.push(resource);
  }
  return residents;
}
