import { z } from 'zod';
import type { Clock } from '../../core/clock/port.js';
import { codeOf, fail } from '../../core/errors.js';
import type { Json } from '../../core/json.js';
import type { Log } from '../../core/log.js';
import type { SessionStore } from '../../core/session-store/port.js';
import { settledOr } from '../../core/within.js';

/** A client's session, as it is kept for whoever goes on with it. */
export interface KeptSession {
  readonly id: string;
  readonly protocol: string;
  /** What its adapter needs to go on. */
  readonly state: Json;
}

export interface SessionBookOptions {
  /** Sessions whose newest state is not written yet. */
  readonly unwrittenMax: number;
  /** A store that is away is tried again after this. */
  readonly retryMs: number;
}

const DEFAULTS: SessionBookOptions = { unwrittenMax: 50_000, retryMs: 500 };

const GROUP_MAX = 1000;

interface Page {
  /** Grows with each change of hands. */
  readonly term: number;
}

const keptSchema = z.object({
  protocol: z.string(),
  state: z.custom<Json>((value) => value !== undefined),
});
const openedSchema = z.object({ isWhole: z.boolean() });

/** Of a record: whose sessions, in which hands, and which of them; '' tells of the opening itself. */
interface Key {
  readonly scope: string;
  readonly term: number;
  readonly id: string;
}

/**
 * Sessions in the session store, by scope: those of an address, or of one redirector. Whoever has the scope writes under
 * its own term; a new hand first copies what its predecessor left to a term of its own, and says when that is whole.
 * So the store needs no comparing: what a predecessor writes late, since it was paused, lies under a term that
 * counts no more, and goes at the next opening.
 */
export class SessionBook {
  readonly #store: SessionStore;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #options: SessionBookOptions;
  readonly #pages = new Map<string, Page>();
  /** The newest state of each session, by key; undefined: it ended. */
  readonly #unwritten = new Map<string, Json | undefined>();
  #writing: Promise<void> | undefined;
  #isClosed = false;
  /** Sessions that could not be kept, since too many waited. */
  refused = 0;

  constructor(
    parts: { readonly store: SessionStore; readonly clock: Clock; readonly log: Log },
    options: Partial<SessionBookOptions> = {},
  ) {
    this.#store = parts.store;
    this.#clock = parts.clock;
    this.#log = parts.log;
    this.#options = { ...DEFAULTS, ...options };
  }

  get unwritten(): number {
    return this.#unwritten.size;
  }

  /**
   * From now on the scope is in this hand. Resolves to the sessions that the last one left.
   * @param term above that of every hand before; left out where there is only one, again and again: it counts itself
   * @throws ERR_STORE_UNAVAILABLE, ERR_STORE_AMBIGUOUS: may be repeated; ERR_CONFLICT – a later hand has it already
   */
  async open(scope: string, term?: number): Promise<readonly KeptSession[]> {
    const found = (await this.#store.list('session')).flatMap(([text, value]) => {
      const key = keyOf(text);
      return key?.scope === scope ? [{ text, ...key, value }] : [];
    });
    const terms = found.map((record) => record.term);
    const mine = term ?? terms.reduce((most, other) => Math.max(most, other), 0) + 1;
    if (terms.some((other) => other > mine)) fail('ERR_CONFLICT', { what: `sessions of ${scope}` });
    const openings = found.filter(
      ({ id, value }) => id === '' && openedSchema.parse(value).isWhole,
    );
    const since = Math.max(0, ...openings.map((opening) => opening.term));
    const newest = new Map<string, { readonly term: number; readonly session: KeptSession }>();
    for (const record of found) {
      if (record.id === '' || record.term < since) continue;
      if ((newest.get(record.id)?.term ?? -1) > record.term) continue;
      const session = { id: record.id, ...keptSchema.parse(record.value) };
      newest.set(record.id, { term: record.term, session });
    }
    const sessions = [...newest.values()].map(({ session }) => session);
    const write = (id: string, value: Json): Promise<void> =>
      this.#store.put('session', textOf({ scope, term: mine, id }), value);
    await write('', { isWhole: false });
    for (const some of groupsOf(sessions)) {
      await Promise.all(some.map(({ id, protocol, state }) => write(id, { protocol, state })));
    }
    await write('', { isWhole: true });
    this.#pages.set(scope, { term: mine });
    // Nobody waits for that: what stays counts no more, and goes at the next opening.
    const former = found.flatMap(({ term: of, text }) => (of < mine ? [text] : []));
    this.#removeAll(former).catch((err: unknown) => {
      this.#log.debug({ err }, 'former sessions not removed');
    });
    return sessions;
  }

  /** Its newest state, written soon; nobody waits. False: the scope is not in this hand, or too many wait already. */
  keep(scope: string, { id, protocol, state }: KeptSession): boolean {
    return this.#note(scope, id, { protocol, state });
  }

  /** The session ended. */
  end(scope: string, id: string): boolean {
    return this.#note(scope, id, undefined);
  }

  /** All that was kept so far is written, or there is no time for it any more. */
  async flush(signal: AbortSignal): Promise<void> {
    while (this.#writing !== undefined && !signal.aborted) await settledOr(signal, this.#writing);
  }

  /** The scope goes to another hand: nothing more is taken for it. */
  leave(scope: string): void {
    this.#pages.delete(scope);
  }

  close(): void {
    this.#isClosed = true;
  }

  async #removeAll(texts: readonly string[]): Promise<void> {
    for (const some of groupsOf(texts)) {
      await Promise.all(some.map((text) => this.#store.remove('session', text)));
    }
  }

  #note(scope: string, id: string, value: Json | undefined): boolean {
    const page = this.#pages.get(scope);
    if (page === undefined || this.#isClosed) return false;
    const text = textOf({ scope, term: page.term, id });
    if (!this.#unwritten.has(text) && this.#unwritten.size >= this.#options.unwrittenMax) {
      this.refused += 1;
      return false;
    }
    // At the end of the line: what waits longest is written first.
    this.#unwritten.delete(text);
    this.#unwritten.set(text, value);
    this.#writing ??= this.#writeAll();
    return true;
  }

  /** The store will not take it, however often it is asked. */
  #refuse(text: string, err: unknown): void {
    this.refused += 1;
    this.#log.error({ err, session: text }, 'session not kept');
  }

  async #writeAll(): Promise<void> {
    // What is kept in this turn goes together.
    await Promise.resolve();
    while (this.#unwritten.size > 0 && !this.#isClosed) {
      const group = [...this.#unwritten].slice(0, GROUP_MAX);
      const results = await Promise.allSettled(
        group.map(([text, value]) =>
          value === undefined
            ? this.#store.remove('session', text)
            : this.#store.put('session', text, value),
        ),
      );
      let failure: unknown;
      for (const [at, [text, value]] of group.entries()) {
        const result = results[at];
        if (result?.status === 'rejected' && isPassing(result.reason)) failure = result.reason;
        // What was kept anew meanwhile is still to be written.
        else if (this.#unwritten.get(text) === value) {
          if (result?.status === 'rejected') this.#refuse(text, result.reason);
          this.#unwritten.delete(text);
        }
      }
      if (failure === undefined) continue;
      this.#log.warn({ err: failure, unwritten: this.#unwritten.size }, 'sessions not written');
      await this.#clock.sleep(this.#options.retryMs);
    }
    this.#writing = undefined;
  }
}

/** A store takes only so many at once. */
function* groupsOf<Value>(values: readonly Value[]): Generator<readonly Value[]> {
  for (let at = 0; at < values.length; at += GROUP_MAX) yield values.slice(at, at + GROUP_MAX);
}

/** The store will take it later. What it refuses for good is dropped, and said by whoever counts. */
function isPassing(error: unknown): boolean {
  const code = codeOf(error);
  return code === 'ERR_STORE_UNAVAILABLE' || code === 'ERR_STORE_AMBIGUOUS';
}

function textOf({ scope, term, id }: Key): string {
  return `${scope}|${term}|${id}`;
}

function keyOf(text: string): Key | undefined {
  const [scope, term, ...id] = text.split('|');
  if (scope === undefined || term === undefined || id.length === 0) return undefined;
  return { scope, term: Number(term), id: id.join('|') };
}
