import { z } from 'zod';
import type { LedgerState } from '../disk/ledger.js';
import { Ledger } from '../disk/ledger.js';
import type { Disk } from '../disk/port.js';
import { fail } from '../errors.js';
import type { Json } from '../json.js';
import type { Log } from '../log.js';
import type { SessionKind, SessionStore } from './port.js';
import { SESSION_KINDS } from './port.js';
import type { SessionStoreLimits } from './records.js';
import { SESSION_STORE_LIMITS, SessionRecords, checkRoom, keptValue } from './records.js';

export interface EmbeddedSessionStoreOptions {
  /** The journal is folded into a snapshot once it is this long. */
  readonly compactAtBytes?: number;
  readonly limits?: Partial<SessionStoreLimits>;
}

const NAME = 'embedded session store';

/**
 * The session store of one process: a snapshot and a journal of puts and removes. Those that meet share one
 * sync; each is visible once it is durable, in the order of the calls.
 */
export class EmbeddedSessionStore implements SessionStore {
  readonly #state: State;
  readonly #ledger: Ledger<Change>;
  readonly #limits: SessionStoreLimits;
  /** By kind: ids that puts under way will add, and how many such puts each has. */
  readonly #coming = new Map<SessionKind, Map<string, number>>();
  #isClosed = false;

  private constructor(state: State, ledger: Ledger<Change>, limits: SessionStoreLimits) {
    this.#state = state;
    this.#ledger = ledger;
    this.#limits = limits;
  }

  /** @throws ERR_DATA_LOCKED, ERR_DISK_FAILED, ERR_DATA_CORRUPT */
  static async open(
    parts: { readonly disk: Disk; readonly log: Log },
    { compactAtBytes = 16 << 20, limits }: EmbeddedSessionStoreOptions = {},
  ): Promise<EmbeddedSessionStore> {
    const state = new State();
    const options = { folder: 'sessions', name: NAME, compactAtBytes };
    const ledger = await Ledger.open<Change, undefined>(parts, state, options);
    return new EmbeddedSessionStore(state, ledger, { ...SESSION_STORE_LIMITS, ...limits });
  }

  async put(kind: SessionKind, id: string, value: Json): Promise<void> {
    const kept = keptValue(id, value, this.#limits);
    const coming = this.#comingOf(kind);
    const isNew = !this.#state.records.has(kind, id);
    if (isNew && !coming.has(id)) {
      checkRoom(kind, this.#state.records.count(kind) + coming.size, this.#limits);
    }
    if (isNew) coming.set(id, (coming.get(id) ?? 0) + 1);
    try {
      await this.#ledger.commit({ type: 'put', kind, id, value: kept });
    } finally {
      const left = (coming.get(id) ?? 0) - 1;
      if (isNew && left > 0) coming.set(id, left);
      else if (isNew) coming.delete(id);
    }
  }

  async remove(kind: SessionKind, id: string): Promise<void> {
    await this.#ledger.commit({ type: 'remove', kind, id });
  }

  async get(kind: SessionKind, id: string): Promise<Json | undefined> {
    await Promise.resolve();
    this.#assertOpen();
    return this.#state.records.get(kind, id);
  }

  async list(kind: SessionKind): Promise<readonly (readonly [id: string, value: Json])[]> {
    await Promise.resolve();
    this.#assertOpen();
    return this.#state.records.list(kind);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#ledger.close();
  }

  #comingOf(kind: SessionKind): Map<string, number> {
    let coming = this.#coming.get(kind);
    if (coming === undefined) this.#coming.set(kind, (coming = new Map<string, number>()));
    return coming;
  }

  #assertOpen(): void {
    if (this.#isClosed) fail('ERR_STORE_UNAVAILABLE', { store: NAME });
  }
}

const kindSchema = z.enum(SESSION_KINDS);
const changeSchema = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('put'),
    kind: kindSchema,
    id: z.string(),
    value: z.custom<Json>((value) => value !== undefined),
  }),
  z.object({ type: z.literal('remove'), kind: kindSchema, id: z.string() }),
]);
type Change = z.output<typeof changeSchema>;

class State implements LedgerState<Change, undefined> {
  readonly records = new SessionRecords();

  parse(record: Json): Change {
    return changeSchema.parse(record);
  }

  apply(change: Change): undefined {
    if (change.type === 'put') this.records.put(change.kind, change.id, change.value);
    else this.records.remove(change.kind, change.id);
  }

  changes(): readonly Change[] {
    return SESSION_KINDS.flatMap((kind) =>
      this.records.list(kind).map(([id, value]): Change => ({ type: 'put', kind, id, value })),
    );
  }
}
