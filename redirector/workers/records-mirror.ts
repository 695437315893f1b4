import type {
  FollowedRecords,
  KnownRecords,
  Stored,
} from '../../core/table-store/known-records.js';
import { HEADROOM } from '../../core/table-store/records/headroom.js';
import type { RecordKind } from '../../core/table-store/records/kind.js';
import { ELIGIBLE, LOST, SERVER, SERVER_STATE } from '../../core/table-store/records/server.js';
import { AssignmentTable } from '../../core/table.js';
import type { ToldRecord } from './messages.js';

/** What traffic asks for. Placements are told apart, since they change by the steps of a switch. */
const FOLLOWED = [SERVER, SERVER_STATE, LOST, ELIGIBLE, HEADROOM] as readonly RecordKind<unknown>[];

/** What of a view was told to others. */
export class ToldRecords {
  readonly #told = new Map<string, Map<string, unknown>>();

  /** What is different in it by now. */
  news(view: Pick<KnownRecords, 'all'>): ToldRecord[] {
    return FOLLOWED.flatMap((kind) => {
      const told = this.#told.get(kind.prefix) ?? new Map<string, unknown>();
      this.#told.set(kind.prefix, told);
      const news: ToldRecord[] = [];
      const known = view.all(kind);
      for (const [id, { value }] of known) {
        if (told.get(id) === value) continue;
        told.set(id, value);
        news.push([kind.prefix, id, value]);
      }
      for (const id of told.keys()) {
        if (known.has(id)) continue;
        told.delete(id);
        news.push([kind.prefix, id, null]);
      }
      return news;
    });
  }

  all(): ToldRecord[] {
    return [...this.#told].flatMap(([kind, records]) =>
      [...records].map(([id, value]): ToldRecord => [kind, id, value]),
    );
  }
}

/** A worker's copy of what the main thread follows. */
export class RecordsMirror implements FollowedRecords {
  /** As it was applied last. */
  table = AssignmentTable.empty;
  readonly #records = new Map<string, Map<string, Stored<unknown>>>();
  readonly #listeners = new Set<() => void>();
  /** Nobody checks it in a transaction: a worker writes nothing. */
  #revision = 0;

  get<Value, Id extends string>(kind: RecordKind<Value, Id>, id: Id): Stored<Value> | undefined {
    return this.#records.get(kind.prefix)?.get(id) as Stored<Value> | undefined;
  }

  all<Value, Id extends string>(kind: RecordKind<Value, Id>): ReadonlyMap<Id, Stored<Value>> {
    return (this.#records.get(kind.prefix) ?? new Map()) as ReadonlyMap<Id, Stored<Value>>;
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  put(records: readonly ToldRecord[]): void {
    this.#revision += 1;
    for (const [kind, id, value] of records) {
      const ofKind = this.#records.get(kind) ?? new Map<string, Stored<unknown>>();
      this.#records.set(kind, ofKind);
      if (value === null) ofKind.delete(id);
      else ofKind.set(id, { value, revision: this.#revision });
    }
    for (const listener of this.#listeners) listener();
  }
}
