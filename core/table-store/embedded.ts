import { randomUUID } from 'node:crypto';
import { Journal } from '../disk/journal.js';
import type { Disk } from '../disk/port.js';
import { codeOf, fail } from '../errors.js';
import type { Log } from '../log.js';
import { Entries } from './entries.js';
import type {
  Changes,
  Entry,
  Revision,
  TableStore,
  Transaction,
  TransactResult,
  Write,
} from './port.js';

export interface EmbeddedTableStoreOptions {
  /** The journal is folded into a snapshot once it is this long. */
  readonly compactAtBytes?: number;
}

interface Saved {
  readonly storeId: string;
  readonly revision: Revision;
  /** The journal that goes on where this snapshot ends. */
  readonly journal: number;
  readonly entries: readonly Entry[];
}

interface Journaled {
  readonly revision: Revision;
  readonly writes: readonly Write[];
}

const SNAPSHOT = 'table/snapshot.json';

/**
 * The table store of one process: a snapshot and a journal of transactions. A transaction becomes
 * visible when it is durable, so what anybody saw survives kill -9 and a power cut.
 */
export class EmbeddedTableStore implements TableStore {
  readonly #disk: Disk;
  readonly #log: Log;
  readonly #compactAtBytes: number;
  readonly #unlock: () => Promise<void>;
  readonly #watchers = new Set<() => void>();
  #journal: Journal;
  #journalNumber: number;
  /** What is durable: all that readers see. */
  #visible: Entries;
  /** What will be durable once the appends under way are: what checks are made against. */
  #staged: Entries;
  #appending = 0;
  #compacting: Promise<void> | undefined;
  #closed = false;

  private constructor(
    parts: { disk: Disk; log: Log; unlock: () => Promise<void> },
    state: { journal: Journal; journalNumber: number; entries: Entries },
    options: EmbeddedTableStoreOptions,
  ) {
    this.#disk = parts.disk;
    this.#log = parts.log;
    this.#unlock = parts.unlock;
    this.#journal = state.journal;
    this.#journalNumber = state.journalNumber;
    this.#visible = state.entries;
    this.#staged = copyOf(state.entries);
    this.#compactAtBytes = options.compactAtBytes ?? 4 << 20;
  }

  /** @throws ERR_DATA_LOCKED, ERR_DISK_FAILED, ERR_DATA_CORRUPT */
  static async open(
    { disk, log }: { readonly disk: Disk; readonly log: Log },
    options: EmbeddedTableStoreOptions = {},
  ): Promise<EmbeddedTableStore> {
    const unlock = await disk.lock('table/lock');
    try {
      const saved = await savedOn(disk);
      const path = journalPath(saved.journal);
      const { journal, records, tornBytes } = await Journal.open(disk, path);
      if (tornBytes > 0) log.warn({ path, tornBytes }, 'torn tail cut from journal');
      const entries = new Entries(saved.storeId, saved.revision, saved.entries);
      for (const record of records) replay(entries, record, path);
      await removeOtherJournals(disk, saved.journal);
      return new EmbeddedTableStore(
        { disk, log, unlock },
        { journal, journalNumber: saved.journal, entries },
        options,
      );
    } catch (error) {
      await unlock();
      throw error;
    }
  }

  async read(after: Revision): Promise<Changes> {
    await Promise.resolve();
    this.#assertOpen();
    return this.#visible.changes(after);
  }

  async transact(transaction: Transaction): Promise<TransactResult> {
    this.#assertOpen();
    if (this.#compacting !== undefined) await this.#compacting;
    const conflict = this.#staged.conflictOf(transaction);
    if (conflict !== undefined) return { committed: false, conflict };
    const { writes } = transaction;
    const revision = this.#staged.apply(writes);
    await this.#append({ revision, writes });
    this.#visible.apply(writes);
    for (const notify of this.#watchers) notify();
    if (this.#journal.sizeBytes >= this.#compactAtBytes) this.#compact();
    return { committed: true, revision };
  }

  watch(notify: () => void): () => void {
    this.#watchers.add(notify);
    return () => this.#watchers.delete(notify);
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#watchers.clear();
    await this.#compacting;
    await this.#journal.close();
    await this.#unlock();
  }

  async #append(record: Journaled): Promise<void> {
    this.#appending += 1;
    try {
      await this.#journal.append(Buffer.from(JSON.stringify(record)));
    } catch (cause) {
      // The journal fails everything that waits, so nothing staged is left to become durable.
      this.#staged = copyOf(this.#visible);
      const isAmbiguous = codeOf(cause) === 'ERR_DISK_UNSYNCED';
      const code = isAmbiguous ? 'ERR_STORE_AMBIGUOUS' : 'ERR_STORE_UNAVAILABLE';
      fail(code, { store: 'embedded table store' }, { cause });
    } finally {
      this.#appending -= 1;
    }
  }

  /** Folds the journal into a snapshot while transactions wait; keeps the journal if that fails. */
  #compact(): void {
    if (this.#compacting !== undefined || this.#appending > 0) return;
    this.#compacting = this.#fold()
      .catch((err: unknown) => {
        this.#log.error({ err }, 'table store not compacted');
      })
      .finally(() => {
        this.#compacting = undefined;
      });
  }

  async #fold(): Promise<void> {
    const next = this.#journalNumber + 1;
    const opened = await Journal.open(this.#disk, journalPath(next));
    const { storeId, revision, all } = this.#visible;
    const saved: Saved = { storeId, revision, journal: next, entries: all };
    await this.#disk.replace(SNAPSHOT, Buffer.from(JSON.stringify(saved)));
    const folded = this.#journal;
    this.#journal = opened.journal;
    this.#journalNumber = next;
    await folded.close();
    await this.#disk.remove(journalPath(next - 1));
  }

  #assertOpen(): void {
    if (this.#closed) fail('ERR_STORE_UNAVAILABLE', { store: 'embedded table store' });
  }
}

function copyOf(entries: Entries): Entries {
  return new Entries(entries.storeId, entries.revision, entries.all);
}

function journalPath(number: number): string {
  return `table/journal-${number}`;
}

async function savedOn(disk: Disk): Promise<Saved> {
  const bytes = await disk.read(SNAPSHOT);
  if (bytes !== undefined) return parseSaved(bytes);
  const saved: Saved = { storeId: randomUUID(), revision: 0, journal: 1, entries: [] };
  await disk.replace(SNAPSHOT, Buffer.from(JSON.stringify(saved)));
  return saved;
}

function parseSaved(bytes: Uint8Array): Saved {
  try {
    const saved = JSON.parse(Buffer.from(bytes).toString()) as Partial<Saved>;
    const { storeId, revision, journal, entries } = saved;
    if (
      typeof storeId === 'string' &&
      Number.isSafeInteger(revision) &&
      Number.isSafeInteger(journal) &&
      Array.isArray(entries)
    ) {
      return saved as Saved;
    }
  } catch (cause) {
    return fail('ERR_DATA_CORRUPT', { path: SNAPSHOT }, { cause });
  }
  return fail('ERR_DATA_CORRUPT', { path: SNAPSHOT });
}

function replay(entries: Entries, record: Uint8Array, path: string): void {
  let journaled: Partial<Journaled>;
  try {
    journaled = JSON.parse(Buffer.from(record).toString()) as Partial<Journaled>;
  } catch (cause) {
    fail('ERR_DATA_CORRUPT', { path }, { cause });
  }
  const { revision, writes } = journaled;
  if (!Array.isArray(writes) || revision !== entries.revision + 1) {
    fail('ERR_DATA_CORRUPT', { path });
  }
  entries.apply(writes as readonly Write[]);
}

async function removeOtherJournals(disk: Disk, current: number): Promise<void> {
  for (const name of await disk.list('table')) {
    const number = /^journal-(\d+)$/.exec(name)?.[1];
    if (number !== undefined && Number(number) !== current) await disk.remove(`table/${name}`);
  }
}
