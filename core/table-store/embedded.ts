import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { Ledger } from '../disk/ledger.js';
import type { LedgerState } from '../disk/ledger.js';
import type { Disk } from '../disk/port.js';
import { fail } from '../errors.js';
import type { Json } from '../json.js';
import type { Log } from '../log.js';
import { countSchema } from '../schema.js';
import { Entries } from './entries.js';
import type { Changes, Revision, TableStore, Transaction, TransactResult, Write } from './port.js';

export interface EmbeddedTableStoreOptions {
  /** The journal is folded into a snapshot once it is this long. */
  readonly compactAtBytes?: number;
}

const NAME = 'embedded table store';

/**
 * The table store of one process: a snapshot and a journal of transactions. A transaction becomes
 * visible when it is durable, so what anybody saw survives kill -9 and a power cut.
 */
export class EmbeddedTableStore implements TableStore {
  readonly #state: State;
  readonly #ledger: Ledger<Change, Revision>;
  readonly #watchers = new Set<() => void>();
  /** By key: the end of the last write under way. */
  readonly #writing = new Map<string, Promise<void>>();
  #closed = false;

  private constructor(state: State, ledger: Ledger<Change, Revision>) {
    this.#state = state;
    this.#ledger = ledger;
  }

  /** @throws ERR_DATA_LOCKED, ERR_DISK_FAILED, ERR_DATA_CORRUPT */
  static async open(
    parts: { readonly disk: Disk; readonly log: Log },
    { compactAtBytes = 4 << 20 }: EmbeddedTableStoreOptions = {},
  ): Promise<EmbeddedTableStore> {
    const state = new State();
    const options = { folder: 'table', name: NAME, compactAtBytes };
    const ledger = await Ledger.open<Change, Revision>(parts, state, options);
    if (state.entries.storeId === '') {
      await ledger.commit({ type: 'store', storeId: randomUUID(), revision: 0 });
    }
    return new EmbeddedTableStore(state, ledger);
  }

  async read(after: Revision): Promise<Changes> {
    await Promise.resolve();
    this.#assertOpen();
    return this.#state.entries.changes(after);
  }

  async transact(transaction: Transaction): Promise<TransactResult> {
    // Nobody has seen what a write under way will leave, so no check of its key can be answered yet.
    for (let writing = this.#writingOf(transaction); writing !== undefined;) {
      await writing;
      writing = this.#writingOf(transaction);
    }
    this.#assertOpen();
    const conflict = this.#state.entries.conflictOf(transaction);
    if (conflict !== undefined) return { committed: false, conflict };
    const { writes } = transaction;
    const committing = this.#ledger.commit({ type: 'writes', writes });
    this.#noteWriting(writes, committing);
    const revision = await committing;
    for (const notify of this.#watchers) notify();
    return { committed: true, revision };
  }

  watch(notify: () => void): () => void {
    this.#watchers.add(notify);
    return () => this.#watchers.delete(notify);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#watchers.clear();
    await this.#ledger.close();
  }

  #writingOf({ checks }: Transaction): Promise<void> | undefined {
    const checked = checks.find(({ key }) => this.#writing.has(key));
    return checked === undefined ? undefined : this.#writing.get(checked.key);
  }

  #noteWriting(writes: readonly Write[], committing: Promise<unknown>): void {
    const over = committing.then(ignore, ignore).then(() => {
      for (const { key } of writes) {
        if (this.#writing.get(key) === over) this.#writing.delete(key);
      }
    });
    for (const { key } of writes) this.#writing.set(key, over);
  }

  #assertOpen(): void {
    if (this.#closed) fail('ERR_STORE_UNAVAILABLE', { store: NAME });
  }
}

const jsonSchema = z.custom<Json>((value) => value !== undefined);
const writesSchema = z.array(z.object({ key: z.string(), value: jsonSchema }));
const changeSchema = z.discriminatedUnion('type', [
  /** First in a new store and in a snapshot. */
  z.object({ type: z.literal('store'), storeId: z.string(), revision: countSchema }),
  z.object({
    type: z.literal('entry'),
    key: z.string(),
    value: jsonSchema,
    revision: countSchema,
  }),
  /** A transaction; its revision is that of its place in the journal. */
  z.object({ type: z.literal('writes'), writes: writesSchema.readonly() }),
]);
type Change = z.output<typeof changeSchema>;

class State implements LedgerState<Change, Revision> {
  #entries = new Entries('');

  get entries(): Entries {
    return this.#entries;
  }

  parse(record: Json): Change {
    return changeSchema.parse(record);
  }

  apply(change: Change): Revision {
    switch (change.type) {
      case 'store':
        this.#entries = new Entries(change.storeId, change.revision);
        return change.revision;
      case 'entry': {
        const { key, value, revision } = change;
        this.#entries.restore({ key, value, revision });
        return revision;
      }
      case 'writes':
        return this.#entries.apply(change.writes);
    }
  }

  changes(): readonly Change[] {
    const { storeId, revision, all } = this.#entries;
    const entries = all.map((entry): Change => ({ type: 'entry', ...entry }));
    return [{ type: 'store', storeId, revision }, ...entries];
  }
}

function ignore(): void {
  // who commits hears of it
}
