import { strict as assert } from 'node:assert';
import type { Clock } from '../clock/port.js';
import type { ResourceId } from '../domain.js';
import { every } from '../every.js';
import type { Generation } from '../generation.js';
import { NO_GENERATION, compareGenerations } from '../generation.js';
import type { Log } from '../log.js';
import type { Placement } from '../table.js';
import { AssignmentTable } from '../table.js';
import type { FollowedRecords, KnownRecords, Stored } from './known-records.js';
import type { Changes, Entry, Revision, TableStore } from './port.js';
import { RECORD_KINDS } from './records/all.js';
import type { RecordKind } from './records/kind.js';
import { offer, restoration } from './restoration.js';
import { HEAD, PLACEMENT } from './records/table.js';

export interface TableViewOptions {
  /** Also read this often when nothing was heard from the store. */
  readonly pollMs: number;
  /** A store that came back older is restored after this, so that whoever knows more can say so: some polls. */
  readonly restoreAfterMs: number;
}

const DEFAULTS: TableViewOptions = { pollMs: 1000, restoreAfterMs: 3000 };

type Records = Map<string, Map<string, Stored<unknown>>>;

/**
 * A process' copy of the table store: read at any time, without waiting, whole revisions only.
 * It outlives the store: what it last held stays readable. It never goes back: a store that shows less than
 * this view has seen is not followed (`regressed`) until somebody has put back what is missing; whoever follows
 * the store does so itself.
 */
export class TableView implements KnownRecords, FollowedRecords {
  readonly #store: TableStore;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #options: TableViewOptions;
  readonly #listeners = new Set<() => void>();
  #records: Records = new Map();
  #revision: Revision = 0;
  #storeId = '';
  #table = AssignmentTable.empty;
  #regressed = false;
  /** The store that was found older, and when. */
  #olderStoreId: string | undefined;
  #regressedAtMs = -Infinity;
  #syncedAtMs = -Infinity;
  #reading: Promise<void> | undefined;
  #next: Promise<void> | undefined;

  constructor(
    parts: { readonly store: TableStore; readonly clock: Clock; readonly log: Log },
    options: Partial<TableViewOptions> = {},
  ) {
    this.#store = parts.store;
    this.#clock = parts.clock;
    this.#log = parts.log;
    this.#options = { ...DEFAULTS, ...options };
  }

  get revision(): Revision {
    return this.#revision;
  }

  get table(): AssignmentTable {
    return this.#table;
  }

  /** Another one: what was read before may not be there any more. */
  get storeId(): string {
    return this.#storeId;
  }

  /** Every generation up to this one is used up. */
  get reserved(): Generation {
    return this.get(HEAD, 'head')?.value.reserved ?? NO_GENERATION;
  }

  /** The store shows an older state than this view has seen, and is not followed. */
  get regressed(): boolean {
    return this.#regressed;
  }

  /** Monotonic time at which the last successful read was sent: all older news is in this view. */
  get syncedAtMs(): number {
    return this.#syncedAtMs;
  }

  get<Value, Id extends string>(kind: RecordKind<Value, Id>, id: Id): Stored<Value> | undefined {
    return this.#records.get(kind.prefix)?.get(id) as Stored<Value> | undefined;
  }

  all<Value, Id extends string>(kind: RecordKind<Value, Id>): ReadonlyMap<Id, Stored<Value>> {
    return (this.#records.get(kind.prefix) ?? new Map()) as ReadonlyMap<Id, Stored<Value>>;
  }

  /** Calls back after each new revision. Returns the end of it. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Reads what is new; when it resolves the view is at least as new as the store was at the call.
   * @throws ERR_STORE_UNAVAILABLE, ERR_STORE_AMBIGUOUS
   */
  sync(): Promise<void> {
    if (this.#next !== undefined) return this.#next;
    if (this.#reading === undefined) return this.#startReading();
    // The read under way may have left the store before this call: one more, shared by all who wait.
    this.#next = this.#reading
      .catch(() => undefined)
      .then(() => {
        this.#next = undefined;
        return this.#startReading();
      });
    return this.#next;
  }

  /** Follows the store until the signal aborts, through its failures. */
  async follow(signal: AbortSignal): Promise<void> {
    const trySync = async (): Promise<void> => {
      try {
        await this.sync();
        if (this.#regressed) await this.#restore();
      } catch (err) {
        this.#log.debug({ err }, 'table store not read');
      }
    };
    const unwatch = this.#store.watch(() => void trySync());
    try {
      await every(this.#clock, { everyMs: this.#options.pollMs, firstMs: 0, signal }, trySync);
    } finally {
      unwatch();
    }
  }

  /**
   * Puts back what the store has forgotten: the newest copy first, the others only if that does not happen.
   * Somebody else may be quicker: then there is less, or nothing, to do.
   */
  async #restore(): Promise<void> {
    const store = new TableView({ store: this.#store, clock: this.#clock, log: this.#log });
    await store.sync();
    const { draft, isMade, rank } = offer(this, store);
    const waitMs = (1 + rank) * this.#options.restoreAfterMs;
    if (!isMade) {
      await this.#store.transact(draft.transaction);
    } else if (this.#clock.monotonicMs() >= this.#regressedAtMs + waitMs) {
      const restored = restoration(this, store);
      if (restored !== undefined) {
        const { committed } = await this.#store.transact(restored.transaction);
        this.#log.error({ committed }, 'table store restored from a live copy');
      }
    }
    await this.sync();
  }

  #startReading(): Promise<void> {
    this.#reading = this.#read().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  async #read(): Promise<void> {
    const sentAtMs = this.#clock.monotonicMs();
    const changes = await this.#readChanges();
    const isSame = changes.revision === this.#revision && changes.storeId === this.#storeId;
    const isNews = (!isSame || this.#regressed) && this.#apply(changes);
    if (!this.#regressed) this.#syncedAtMs = sentAtMs;
    if (isNews) for (const listener of this.#listeners) listener();
  }

  /** Partial changes say nothing to a view of another store, nor to one that was not followed. */
  async #readChanges(): Promise<Changes> {
    if (this.#regressed) return this.#store.read(0);
    const changes = await this.#store.read(this.#revision);
    const isOurs = changes.complete || changes.storeId === this.#storeId;
    return isOurs ? changes : this.#store.read(0);
  }

  /** Whether anything is different now. */
  #apply({ storeId, revision, complete, entries }: Changes): boolean {
    assert.ok(complete || storeId === this.#storeId, 'another store answers completely');
    const former = this.#records;
    const records = complete ? (new Map() as Records) : former;
    if (complete) {
      this.#regressed = this.#isOlder(entries, storeId);
      if (this.#regressed) {
        if (this.#olderStoreId === storeId) return false;
        this.#olderStoreId = storeId;
        this.#regressedAtMs = this.#clock.monotonicMs();
        this.#log.error({ storeId, revision }, 'table store went back');
        return true;
      }
    }
    const changed: [ResourceId, Placement | null][] = [];
    for (const entry of entries) {
      const value = this.#put(records, former, entry);
      const [prefix, id] = splitKey(entry.key);
      if (prefix === PLACEMENT.prefix) changed.push([id as ResourceId, value as Placement | null]);
    }
    this.#olderStoreId = undefined;
    this.#records = records;
    this.#revision = revision;
    this.#storeId = storeId;
    const generation = this.get(HEAD, 'head')?.value.generation ?? NO_GENERATION;
    this.#table = (complete ? AssignmentTable.empty : this.#table).with(changed, generation);
    return true;
  }

  /** Fewer generations are used up than this view knows of; or, in another store, a resource has an older placement. */
  #isOlder(entries: readonly Entry[], storeId: string): boolean {
    const values = new Map(entries.map(({ key, value }) => [key, value]));
    const parsed = <Value, Id extends string>(
      kind: RecordKind<Value, Id>,
      id: Id,
    ): Value | undefined => {
      const value = values.get(kind.key(id));
      return value === undefined ? undefined : kind.parse(kind.key(id), value);
    };
    const reserved = parsed(HEAD, 'head')?.reserved ?? NO_GENERATION;
    if (compareGenerations(reserved, this.reserved) < 0) return true;
    if (storeId === this.#storeId) return false;
    return [...this.#table.entries()].some(([resource, { since }]) => {
      const stored = parsed(PLACEMENT, resource)?.since ?? NO_GENERATION;
      return compareGenerations(stored, since) < 0;
    });
  }

  /** The parsed value that is now there. One that cannot be read leaves what was there before. */
  #put(records: Records, former: Records, { key, value, revision }: Entry): unknown {
    const [prefix, id] = splitKey(key);
    const kind = RECORD_KINDS.get(prefix);
    if (kind === undefined) return null;
    let ofKind = records.get(prefix);
    if (ofKind === undefined) {
      ofKind = new Map<string, Stored<unknown>>();
      records.set(prefix, ofKind);
    }
    if (value === null) {
      ofKind.delete(id);
      return null;
    }
    try {
      const parsed = kind.parse(key, value);
      ofKind.set(id, { value: parsed, revision });
      return parsed;
    } catch (err) {
      this.#log.error({ err, key }, 'record not readable');
      const kept = former.get(prefix)?.get(id);
      if (kept === undefined) return null;
      ofKind.set(id, kept);
      return kept.value;
    }
  }
}

function splitKey(key: string): [prefix: string, id: string] {
  const at = key.indexOf('/');
  return [key.slice(0, at), key.slice(at + 1)];
}
