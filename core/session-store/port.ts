import type { Json } from '../json.js';

/** What is kept by this store; each is a folder of its own with ids of its own. */
export const SESSION_KINDS = ['session', 'credential', 'handle'] as const;
export type SessionKind = (typeof SESSION_KINDS)[number];

/**
 * Where sessions, credentials (already encrypted) and file handles rest, off the hot path.
 * Writes that meet are committed as one group. Errors: ERR_STORE_UNAVAILABLE, ERR_STORE_AMBIGUOUS as in
 * the table store's port; ERR_LIMIT_REACHED when `recordsMax` is.
 */
export interface SessionStore {
  /** Durable when it resolves; the last put or remove of an id wins. */
  put(kind: SessionKind, id: string, value: Json): Promise<void>;
  remove(kind: SessionKind, id: string): Promise<void>;
  get(kind: SessionKind, id: string): Promise<Json | undefined>;
  list(kind: SessionKind): Promise<readonly (readonly [id: string, value: Json])[]>;
  close(): Promise<void>;
}
