import type { Json } from '../json.js';

/**
 * Where the control plane's state rests: assignments, the open switch and its acks, members, servers,
 * plans, mode, pins, audit. A small set of keyed records under one revision that only grows; all
 * protocol rules stand above it and are the same for every engine.
 *
 * Errors of every call: ERR_STORE_UNAVAILABLE – surely not applied; ERR_STORE_AMBIGUOUS – no answer in
 * time: it may have been applied, or may still be; read back before acting. And of `transact`:
 * ERR_LIMIT_REACHED – longer than the store takes at once; nothing was changed.
 */
export interface TableStore {
  /** What changed after `after`, at one revision; 0: everything there is, and complete. */
  read(after: Revision): Promise<Changes>;
  /** All checks hold: all writes are applied under one new revision, durable before this resolves. */
  transact(transaction: Transaction): Promise<TransactResult>;
  /** Calls back, soon, after each new revision; spurious calls are allowed. Returns the end of it. */
  watch(notify: () => void): () => void;
  close(): Promise<void>;
}

export type Revision = number;

export interface Changes {
  /**
   * Made when the store was: a reader that sees another one holds another store. One that was put back from a
   * backup is another store: it shows a new id.
   */
  readonly storeId: string;
  readonly revision: Revision;
  /** True: `entries` is all there is. False: entries since `after`, removed ones with value null. */
  readonly complete: boolean;
  readonly entries: readonly Entry[];
}

export interface Entry {
  readonly key: string;
  readonly value: Json;
  /** The revision that wrote it. */
  readonly revision: Revision;
}

export interface Transaction {
  readonly checks: readonly Check[];
  readonly writes: readonly Write[];
}

/** The key was last written by `revision`; 0: there is no such key. */
export interface Check {
  readonly key: string;
  readonly revision: Revision;
}

/** Value null removes the key. */
export interface Write {
  readonly key: string;
  readonly value: Json;
}

export type TransactResult =
  | { readonly committed: true; readonly revision: Revision }
  | { readonly committed: false; readonly conflict: string };
