import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { EngineHealth, Watched } from '../engine-health.js';
import { fail } from '../errors.js';
import type { Json } from '../json.js';
import { RedisChannel } from '../redis/channel.js';
import type { RedisParts, ScriptCall } from '../redis/connection.js';
import { RedisConnection } from '../redis/connection.js';
import type { RedisOptions } from '../redis/options.js';
import type { Script } from '../redis/script.js';
import { messageOf } from '../text.js';
import type { Changes, Entry, Revision, TableStore, Transaction, TransactResult } from './port.js';
import { MAKE, READ, TRANSACT } from './redis-scripts.js';

export interface RedisTableStoreOptions {
  readonly redis: RedisOptions;
  /** Stores of one Redis with different prefixes do not meet. */
  readonly prefix: string;
  /** Entries that are read at once. */
  readonly pageMax?: number;
  /** Of the keys and values of one transaction. */
  readonly transactionBytesMax?: number;
}

const NAME = 'table store in Redis';
/** A store that becomes another between two pages is read from the beginning, so often. */
const READS_MAX = 5;

/**
 * The table store of many processes. A transaction is one Lua script, so it is whole; it is
 * as durable as the append-only file of Redis is, and replicas may lag behind: what a restart, a failover or a backup
 * lost shows as another store id, and nobody follows a store that shows less than he knows (`TableView`).
 */
export class RedisTableStore implements TableStore, Watched {
  readonly #connection: RedisConnection;
  readonly #prefix: string;
  readonly #pageMax: number;
  readonly #transactionBytesMax: number;
  readonly #watchers: Set<() => void>;
  readonly #channel: RedisChannel;

  private constructor(
    parts: {
      readonly connection: RedisConnection;
      readonly channel: RedisChannel;
      readonly watchers: Set<() => void>;
    },
    { prefix, pageMax = 2000, transactionBytesMax = 32 << 20 }: RedisTableStoreOptions,
  ) {
    this.#connection = parts.connection;
    this.#channel = parts.channel;
    this.#watchers = parts.watchers;
    this.#prefix = prefix;
    this.#pageMax = pageMax;
    this.#transactionBytesMax = transactionBytesMax;
  }

  get health(): EngineHealth {
    return this.#connection.health;
  }

  /** @throws ERR_REDIS_… */
  static async open(parts: RedisParts, options: RedisTableStoreOptions): Promise<RedisTableStore> {
    const watchers = new Set<() => void>();
    const notify = (): void => {
      for (const watcher of watchers) watcher();
    };
    const { redis, prefix } = options;
    const make = callOf(MAKE, 'writes', prefix, [randomUUID(), channelOf(prefix)]);
    const connection = await RedisConnection.open(parts, NAME, redis, make);
    try {
      const channel = await RedisChannel.open(parts, redis, { channel: channelOf(prefix), notify });
      return new RedisTableStore({ connection, channel, watchers }, options);
    } catch (error) {
      await connection.close();
      throw error;
    }
  }

  /** By pages, in the order of revisions: at the end of the last one all of it is of one revision. */
  async read(after: Revision): Promise<Changes> {
    for (let tried = 0; tried < READS_MAX; tried++) {
      const first = await this.#readPage(after);
      const entries = new Map(first.entries.map((entry) => [entry.key, entry]));
      let page = first;
      while (page.upTo < page.revision && isNext(page, first)) {
        page = await this.#readPage(page.upTo);
        for (const entry of page.entries) entries.set(entry.key, entry);
      }
      if (page !== first && !isNext(page, first)) continue;
      const { storeId, complete } = first;
      return { storeId, revision: page.revision, complete, entries: known(entries, complete) };
    }
    return this.#connection.refuse('reads', 'it is another at each look');
  }

  async transact({ checks, writes }: Transaction): Promise<TransactResult> {
    const values = [
      ...checks.flatMap(({ key, revision }) => [key, revision]),
      ...writes.flatMap(({ key, value }) => [key, value === null ? '' : JSON.stringify(value)]),
    ];
    const bytes = values.reduce<number>((sum, value) => sum + Buffer.byteLength(String(value)), 0);
    if (bytes > this.#transactionBytesMax) {
      fail('ERR_LIMIT_REACHED', { limit: this.#transactionBytesMax, what: 'bytes a transaction' });
    }
    const answer = await this.#run(TRANSACT, 'writes', [
      randomUUID(),
      channelOf(this.#prefix),
      checks.length,
      ...values,
    ]);
    const result = resultSchema.safeParse(answer);
    if (!result.success) return this.#connection.refuse('writes', 'an answer of another form');
    const [isCommitted, what] = result.data;
    return isCommitted === 1
      ? { committed: true, revision: Number(what) }
      : { committed: false, conflict: what };
  }

  watch(notify: () => void): () => void {
    this.#watchers.add(notify);
    return () => this.#watchers.delete(notify);
  }

  async close(): Promise<void> {
    this.#watchers.clear();
    this.#channel.close();
    await this.#connection.close();
  }

  async #readPage(after: Revision): Promise<Page> {
    const answer = await this.#run(READ, 'reads', [after, this.#pageMax]);
    try {
      return pageOf(answer);
    } catch (error) {
      return this.#connection.refuse('reads', messageOf(error));
    }
  }

  #run(script: Script, effect: ScriptCall['effect'], values: ScriptCall['values']) {
    return this.#connection.run(callOf(script, effect, this.#prefix, values));
  }
}

function callOf(
  script: Script,
  effect: ScriptCall['effect'],
  prefix: string,
  values: ScriptCall['values'],
): ScriptCall {
  const parts = ['head', 'entries', 'written', 'removed', 'trial'];
  return { script, effect, keys: parts.map((part) => `${prefix}:table:${part}`), values };
}

function channelOf(prefix: string): string {
  return `${prefix}:table:changes`;
}

const REVISION = /^[0-9]{1,16}$/;
const resultSchema = z.union([
  z.tuple([z.literal(1), z.string().regex(REVISION)]),
  z.tuple([z.literal(0), z.string()]),
]);
const textsSchema = z.array(z.string());
const pageSchema = z.tuple([
  z.string(),
  z.string(),
  z.literal([0, 1]),
  z.string(),
  textsSchema,
  textsSchema,
]);

interface Page extends Changes {
  /** All that is new up to this revision is in it. */
  readonly upTo: Revision;
}

function pageOf(answer: unknown): Page {
  const [storeId, revision, complete, upTo, written, removed] = pageSchema.parse(answer);
  const entries = [
    ...pairsOf(written).map(([key, text]) => entryOf(key, text)),
    ...pairsOf(removed).map(([key, text]) => {
      return { key, value: null, revision: revisionOf(text) };
    }),
  ];
  return {
    storeId,
    revision: revisionOf(revision),
    complete: complete === 1,
    upTo: revisionOf(upTo),
    entries,
  };
}

/** The page goes on where others of the same store ended; or is the first. */
function isNext(page: Page, first: Page): boolean {
  return page === first || (page.storeId === first.storeId && !page.complete);
}

/** Who begins from nothing need not be told of what is no more. */
function known(entries: ReadonlyMap<string, Entry>, complete: boolean): Entry[] {
  const all = [...entries.values()];
  return complete ? all.filter(({ value }) => value !== null) : all;
}

function entryOf(key: string, text: string): Entry {
  const end = text.indexOf(' ');
  const value = JSON.parse(text.slice(end + 1)) as Json;
  return { key, value, revision: revisionOf(text.slice(0, end)) };
}

function pairsOf(flat: readonly string[]): (readonly [string, string])[] {
  const pairs: (readonly [string, string])[] = [];
  for (let at = 0; at + 1 < flat.length; at += 2) pairs.push([flat[at] ?? '', flat[at + 1] ?? '']);
  return pairs;
}

function revisionOf(text: string): Revision {
  if (!REVISION.test(text)) throw new Error('not a revision');
  return Number(text);
}
