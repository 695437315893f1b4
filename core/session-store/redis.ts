import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { EngineHealth, Watched } from '../engine-health.js';
import { fail } from '../errors.js';
import type { Json } from '../json.js';
import type { RedisParts, ScriptCall } from '../redis/connection.js';
import { RedisConnection } from '../redis/connection.js';
import type { RedisOptions } from '../redis/options.js';
import { messageOf } from '../text.js';
import type { SessionKind, SessionStore } from './port.js';
import { SESSION_KINDS } from './port.js';
import type { SessionStoreLimits } from './records.js';
import { SESSION_STORE_LIMITS, checkRoom, keptValue } from './records.js';
import { TRY, WRITE } from './redis-scripts.js';

export interface RedisSessionStoreOptions {
  readonly redis: RedisOptions;
  /** Stores of one Redis with different prefixes do not meet. */
  readonly prefix: string;
  readonly limits?: Partial<SessionStoreLimits>;
  /** Puts and removes that wait for the group under way. */
  readonly waitingMax?: number;
}

interface Waiting {
  readonly kind: SessionKind;
  readonly id: string;
  /** '' removes it. */
  readonly text: string;
  readonly done: (isTaken: boolean) => void;
  readonly failed: (error: unknown) => void;
}

const NAME = 'session store in Redis';
/** Of one group. */
const GROUP_MAX = 1000;
const GROUP_BYTES_MAX = 4 << 20;
/** Of all that wait. */
const WAITING_BYTES_MAX = 64 << 20;
/** Asked for at once while everything is listed. */
const PAGE = 1000;

/**
 * The session store of many processes. Puts and removes that meet are one script; while one is under way the next
 * group gathers, so each connection has one group in flight, and the calls keep their order.
 */
export class RedisSessionStore implements SessionStore, Watched {
  readonly #connection: RedisConnection;
  readonly #prefix: string;
  readonly #limits: SessionStoreLimits;
  readonly #waitingMax: number;
  /** Names this opening of the store. */
  readonly #writer = randomUUID();
  readonly #waiting: Waiting[] = [];
  #waitingBytes = 0;
  #groups = 0;
  #writing: Promise<void> | undefined;
  #isClosed = false;

  private constructor(
    connection: RedisConnection,
    { prefix, limits, waitingMax = 50_000 }: RedisSessionStoreOptions,
  ) {
    this.#connection = connection;
    this.#prefix = `${prefix}:sessions`;
    this.#limits = { ...SESSION_STORE_LIMITS, ...limits };
    this.#waitingMax = waitingMax;
  }

  get health(): EngineHealth {
    return this.#connection.health;
  }

  /** @throws ERR_REDIS_… */
  static async open(
    parts: RedisParts,
    options: RedisSessionStoreOptions,
  ): Promise<RedisSessionStore> {
    const keys = [`${options.prefix}:sessions:trial`];
    const attempt: ScriptCall = { script: TRY, effect: 'writes', keys, values: [] };
    const connection = await RedisConnection.open(parts, NAME, options.redis, attempt);
    return new RedisSessionStore(connection, options);
  }

  async put(kind: SessionKind, id: string, value: Json): Promise<void> {
    const text = JSON.stringify(keptValue(id, value, this.#limits));
    const isTaken = await this.#enter(kind, id, text);
    if (!isTaken) checkRoom(kind, this.#limits.recordsMax, this.#limits);
  }

  async remove(kind: SessionKind, id: string): Promise<void> {
    await this.#enter(kind, id, '');
  }

  async get(kind: SessionKind, id: string): Promise<Json | undefined> {
    const answer = await this.#connection.read('HGET', this.#keyOf(kind), id);
    return answer === null ? undefined : this.#valueOf(answer);
  }

  /** Not of one moment: what is put or removed meanwhile may be there or not. */
  async list(kind: SessionKind): Promise<readonly (readonly [id: string, value: Json])[]> {
    const found = new Map<string, Json>();
    let cursor = '0';
    do {
      const page = await this.#connection.read('HSCAN', this.#keyOf(kind), cursor, 'COUNT', PAGE);
      const parsed = pageSchema.safeParse(page);
      if (!parsed.success) return this.#connection.refuse('reads', 'a page of another form');
      const [next, pairs] = parsed.data;
      for (let at = 0; at + 1 < pairs.length; at += 2) {
        found.set(pairs[at] ?? '', this.#valueOf(pairs[at + 1]));
      }
      cursor = next;
    } while (cursor !== '0');
    return [...found];
  }

  /** Writes what waits, then takes no more. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#writing;
    await this.#connection.close();
  }

  #enter(kind: SessionKind, id: string, text: string): Promise<boolean> {
    if (this.#isClosed) fail('ERR_STORE_UNAVAILABLE', { store: NAME });
    if (this.#waiting.length >= this.#waitingMax) {
      fail('ERR_LIMIT_REACHED', { limit: this.#waitingMax, what: 'waiting session records' });
    }
    if (this.#waitingBytes >= WAITING_BYTES_MAX) {
      fail('ERR_LIMIT_REACHED', { limit: WAITING_BYTES_MAX, what: 'waiting session bytes' });
    }
    return new Promise((done, failed) => {
      this.#waiting.push({ kind, id, text, done, failed });
      this.#waitingBytes += bytesOf(id, text);
      this.#writing ??= this.#writeAll();
    });
  }

  async #writeAll(): Promise<void> {
    // What is entered in this turn goes together.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const group = this.#takeGroup();
      try {
        const results = await this.#write(group);
        for (const [at, { done }] of group.entries()) done(results[at] === 1);
      } catch (error) {
        for (const { failed } of group) failed(error);
      }
    }
    // In the same step as the look at who waits, so that whoever comes after it begins anew.
    this.#writing = undefined;
  }

  #takeGroup(): readonly Waiting[] {
    let bytes = 0;
    let count = 0;
    for (const { id, text } of this.#waiting) {
      if (count === GROUP_MAX || bytes >= GROUP_BYTES_MAX) break;
      bytes += bytesOf(id, text);
      count += 1;
    }
    this.#waitingBytes -= bytes;
    return this.#waiting.splice(0, count);
  }

  async #write(group: readonly Waiting[]): Promise<readonly number[]> {
    this.#groups += 1;
    const answer = await this.#connection.run({
      script: WRITE,
      effect: 'writes',
      keys: [...SESSION_KINDS.map((kind) => this.#keyOf(kind)), this.#writerKey],
      values: [
        this.#groups,
        this.#limits.recordsMax,
        ...group.flatMap(({ kind, id, text }) => [SESSION_KINDS.indexOf(kind) + 1, id, text]),
      ],
    });
    const results = z
      .array(z.literal([0, 1]))
      .length(group.length)
      .safeParse(answer);
    if (!results.success) return this.#connection.refuse('writes', 'results of another form');
    return results.data;
  }

  #keyOf(kind: SessionKind): string {
    return `${this.#prefix}:${kind}`;
  }

  get #writerKey(): string {
    return `${this.#prefix}:writer:${this.#writer}`;
  }

  #valueOf(text: unknown): Json {
    try {
      return JSON.parse(String(text)) as Json;
    } catch (error) {
      return this.#connection.refuse('reads', messageOf(error));
    }
  }
}

const pageSchema = z.tuple([z.string(), z.array(z.string())]);

function bytesOf(id: string, text: string): number {
  return Buffer.byteLength(id) + Buffer.byteLength(text);
}
