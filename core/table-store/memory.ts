import { Entries } from './entries.js';
import type { Changes, Revision, TableStore, Transaction, TransactResult } from './port.js';

/** A table store that lives as long as its process: the twin for replay, simulation and tests. */
export class MemoryTableStore implements TableStore {
  readonly #entries: Entries;
  readonly #watchers = new Set<() => void>();

  /** @param backup everything there was in a store (`read(0)`), to begin with; under a new id, since it is older */
  constructor(storeId = 'memory', backup?: Changes) {
    this.#entries = new Entries(storeId, backup?.revision);
    for (const entry of backup?.entries ?? []) this.#entries.restore(entry);
  }

  async read(after: Revision): Promise<Changes> {
    await Promise.resolve();
    return this.#entries.changes(after);
  }

  async transact(transaction: Transaction): Promise<TransactResult> {
    await Promise.resolve();
    const result = this.#entries.transact(transaction);
    if (result.committed) for (const notify of this.#watchers) notify();
    return result;
  }

  watch(notify: () => void): () => void {
    this.#watchers.add(notify);
    return () => this.#watchers.delete(notify);
  }

  close(): Promise<void> {
    this.#watchers.clear();
    return Promise.resolve();
  }
}
