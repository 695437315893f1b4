import { Entries } from './entries.js';
import type { Changes, Revision, TableStore, Transaction, TransactResult } from './port.js';

/** A table store that lives as long as its process: the twin for replay, simulation and tests. */
export class MemoryTableStore implements TableStore {
  readonly #entries: Entries;
  readonly #watchers = new Set<() => void>();

  constructor(storeId = 'memory') {
    this.#entries = new Entries(storeId);
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
