import { strict as assert } from 'node:assert';
import type { Changes, Entry, Revision, Transaction, TransactResult, Write } from './port.js';

/** So many writes are remembered one by one; a reader from before them reads everything again. */
const LOG_MAX = 20_000;

/**
 * The records of a store in memory: what the engines of this process share. The same transactions in
 * the same order give the same entries and revisions.
 */
export class Entries {
  readonly storeId: string;
  readonly #entries = new Map<string, Entry>();
  #revision: Revision;
  /** The latest writes, oldest first. */
  #log: { readonly revision: Revision; readonly key: string }[] = [];
  /** The log holds every write after this revision. */
  #logSince: Revision;

  constructor(storeId: string, revision: Revision = 0) {
    this.storeId = storeId;
    this.#revision = revision;
    this.#logSince = revision;
  }

  get revision(): Revision {
    return this.#revision;
  }

  get all(): readonly Entry[] {
    return [...this.#entries.values()];
  }

  /** The key of the first check that does not hold. */
  conflictOf({ checks }: Transaction): string | undefined {
    return checks.find(({ key, revision }) => (this.#entries.get(key)?.revision ?? 0) !== revision)
      ?.key;
  }

  /** Puts back an entry that was written before this log begins. */
  restore(entry: Entry): void {
    assert.ok(entry.revision <= this.#logSince, 'what is restored is older than what is logged');
    this.#entries.set(entry.key, entry);
  }

  apply(writes: readonly Write[]): Revision {
    this.#revision += 1;
    const revision = this.#revision;
    for (const { key, value } of writes) {
      if (value === null) this.#entries.delete(key);
      else this.#entries.set(key, { key, value, revision });
      this.#log.push({ revision, key });
    }
    if (this.#log.length > 2 * LOG_MAX) {
      const dropped = this.#log.splice(0, this.#log.length - LOG_MAX);
      this.#logSince = dropped.at(-1)?.revision ?? this.#logSince;
    }
    return revision;
  }

  transact(transaction: Transaction): TransactResult {
    const conflict = this.conflictOf(transaction);
    if (conflict !== undefined) return { committed: false, conflict };
    return { committed: true, revision: this.apply(transaction.writes) };
  }

  changes(after: Revision): Changes {
    const { storeId } = this;
    const revision = this.#revision;
    if (after === 0 || after < this.#logSince || after > revision) {
      return { storeId, revision, complete: true, entries: this.all };
    }
    const changed = new Map<string, Entry>();
    for (let at = this.#log.length - 1; at >= 0; at--) {
      const write = this.#log[at];
      if (write === undefined || write.revision <= after) break;
      if (changed.has(write.key)) continue;
      const removal = { key: write.key, value: null, revision: write.revision };
      changed.set(write.key, this.#entries.get(write.key) ?? removal);
    }
    return { storeId, revision, complete: false, entries: [...changed.values()].reverse() };
  }
}
