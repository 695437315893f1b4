import type { Json } from '../json.js';
import type { SessionKind, SessionStore } from './port.js';
import type { SessionStoreLimits } from './records.js';
import { SESSION_STORE_LIMITS, SessionRecords, checkRoom, keptValue } from './records.js';

/** A session store that lives as long as its process: the twin for replay, simulation and tests. */
export class MemorySessionStore implements SessionStore {
  readonly #records = new SessionRecords();
  readonly #limits: SessionStoreLimits;

  constructor(limits: Partial<SessionStoreLimits> = {}) {
    this.#limits = { ...SESSION_STORE_LIMITS, ...limits };
  }

  async put(kind: SessionKind, id: string, value: Json): Promise<void> {
    const kept = keptValue(id, value, this.#limits);
    await Promise.resolve();
    if (!this.#records.has(kind, id)) checkRoom(kind, this.#records.count(kind), this.#limits);
    this.#records.put(kind, id, kept);
  }

  async remove(kind: SessionKind, id: string): Promise<void> {
    await Promise.resolve();
    this.#records.remove(kind, id);
  }

  async get(kind: SessionKind, id: string): Promise<Json | undefined> {
    await Promise.resolve();
    return this.#records.get(kind, id);
  }

  async list(kind: SessionKind): Promise<readonly (readonly [id: string, value: Json])[]> {
    await Promise.resolve();
    return this.#records.list(kind);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
