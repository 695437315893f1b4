import { Redis } from 'ioredis';
import type { Socket } from 'node:net';
import { checkServerIdentity } from 'node:tls';
import type { Clock } from '../clock/port.js';
import type { Address } from '../domain.js';
import type { ErrorCode } from '../errors.js';
import { ForeshiftError, fail } from '../errors.js';
import type { Log } from '../log.js';
import type { Effect, Watched } from '../engine-health.js';
import { EngineHealth } from '../engine-health.js';
import { isSurelyNotDone, isTimeout, isUnknownScript, reasonOf } from './failure.js';
import { lasting } from './lasting.js';
import type { ClientOptions, RedisOptions } from './options.js';
import { REDIS_DEFAULTS, clientOptions, nameOf } from './options.js';
import type { Script } from './script.js';
import { scriptOf } from './script.js';

export interface RedisParts {
  readonly clock: Clock;
  readonly log: Log;
}

export interface ScriptCall {
  readonly script: Script;
  readonly effect: Effect;
  readonly keys: readonly string[];
  readonly values: readonly (string | number)[];
}

/** So long a start waits for a Redis that is about to answer. */
const OPEN_TIMEOUT_MS = 10_000;
/** After a call that failed, so long until it is asked whether Redis is there again, if nobody else asks before. */
const ASK_AGAIN_MS = 1000;
/**
 * Unlike INFO, refused where no data are read: while they are loaded, or by a replica that lost its master. Unlike PING and
 * DBSIZE, it needs no right that is not needed anyway: a user without it would be shown as forbidden ever after.
 */
const QUESTION: ScriptCall = {
  script: scriptOf('return 1'),
  effect: 'reads',
  keys: [],
  values: [],
};
/** No waiting helps against these. */
const LASTING: ReadonlySet<ErrorCode> = new Set(['ERR_REDIS_LOGIN', 'ERR_REDIS_FORBIDDEN']);

/**
 * A connection to Redis that connects again by itself, and sends no call twice. A call fails with
 * ERR_STORE_UNAVAILABLE – nothing was done – or, if it writes, ERR_STORE_AMBIGUOUS – it may have been done, or may
 * still be. The `cause` says why, in a code of ours.
 */
export class RedisConnection implements Watched {
  readonly health: EngineHealth;
  readonly #client: Redis;
  readonly #log: Log;
  readonly #clock: Clock;
  /** Whose it is, for messages: `table store`. */
  readonly #store: string;
  readonly #redis: string;
  readonly #callsMax: number;
  readonly #calls = new Set<Promise<unknown>>();
  readonly #end: () => void;
  #lastError: unknown = new Error('not connected yet');
  #provenName: string | undefined;
  #isLost = false;
  #isClosed = false;
  #cancelQuestion: (() => void) | undefined;

  private constructor({ clock, log }: RedisParts, store: string, options: RedisOptions) {
    this.#clock = clock;
    this.#log = log;
    this.#store = store;
    this.health = new EngineHealth(store, clock);
    this.#redis = nameOf(options);
    this.#callsMax = options.callsMax ?? REDIS_DEFAULTS.callsMax;
    const noteName = (name: string): void => {
      this.#provenName = name;
    };
    this.#client = new Redis(notingName(clientOptions(options), noteName));
    this.#end = lasting(this.#client, clock);
    this.#client.on('error', (error: unknown) => {
      this.#lastError = error;
    });
  }

  /**
   * Resolves when it is connected and logged in, and a first script has run, if there is one. @throws ERR_REDIS_…
   */
  static async open(
    parts: RedisParts,
    store: string,
    options: RedisOptions,
    first?: ScriptCall,
  ): Promise<RedisConnection> {
    const connection = new RedisConnection(parts, store, options);
    try {
      await connection.#untilReady();
      if (first !== undefined) await connection.run(first);
    } catch (error) {
      connection.#end();
      throw error instanceof ForeshiftError && error.cause instanceof ForeshiftError
        ? error.cause
        : error;
    }
    connection.#noteLosses();
    return connection;
  }

  /** For a library that calls by itself; what it is told is what the client says. */
  get client(): Redis {
    return this.#client;
  }

  /** For messages. */
  get redis(): string {
    return this.#redis;
  }

  /** The other end of the connection, as it is now. @throws ERR_STORE_UNAVAILABLE */
  get remoteAddress(): Address {
    const { stream } = this.#client;
    const { remoteAddress, remotePort } = stream as Partial<Socket>;
    if (remoteAddress === undefined || remotePort === undefined) return this.#fail(true);
    return { host: remoteAddress, port: remotePort };
  }

  /** For which its certificate spoke: the host of the config, or as a Sentinel calls the master; undefined: in the clear. */
  get provenName(): string | undefined {
    return this.#provenName;
  }

  /** A command that changes nothing. @throws ERR_STORE_UNAVAILABLE */
  read(command: string, ...values: readonly (string | number)[]): Promise<unknown> {
    return this.call('reads', (client) => client.call(command, ...values));
  }

  /** @throws ERR_STORE_UNAVAILABLE; ERR_STORE_AMBIGUOUS if it writes */
  run({ script, effect, keys, values }: ScriptCall): Promise<unknown> {
    const rest = [keys.length, ...keys, ...values];
    return this.call(effect, async (client) => {
      try {
        return await client.call('EVALSHA', script.sha1, ...rest);
      } catch (error) {
        if (!isUnknownScript(error)) throw error;
        // A Redis that has just started does not know it: nothing was done.
        return client.call('EVAL', script.text, ...rest);
      }
    });
  }

  /** For who cannot make sense of an answer. @throws ERR_STORE_UNAVAILABLE, ERR_STORE_AMBIGUOUS */
  refuse(effect: Effect, why: string): never {
    const cause = new ForeshiftError('ERR_REDIS_DATA', { redis: this.#redis, why });
    this.health.unreadable(effect, cause);
    return this.#fail(effect === 'reads', cause);
  }

  /** Lets calls under way end; takes no more. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#cancelQuestion?.();
    await Promise.allSettled(this.#calls);
    this.#end();
  }

  /**
   * A call that a library makes by this client. @throws ERR_STORE_UNAVAILABLE, ERR_STORE_AMBIGUOUS, as of the others
   */
  async call<Answer>(effect: Effect, send: (client: Redis) => Promise<Answer>): Promise<Answer> {
    if (this.#isClosed) this.#fail(true);
    if (this.#client.status !== 'ready') {
      const reason = reasonOf(this.#lastError, this.#redis);
      this.#failed(effect, reason);
      this.#fail(true, reason);
    }
    if (this.#calls.size >= this.#callsMax) {
      this.#fail(
        true,
        new ForeshiftError('ERR_LIMIT_REACHED', { limit: this.#callsMax, what: 'calls under way' }),
      );
    }
    const call = send(this.#client);
    this.#calls.add(call);
    try {
      const answer = await call;
      this.health.answered(effect);
      return answer;
    } catch (error) {
      const reason = reasonOf(error, this.#redis);
      this.#failed(effect, reason, isTimeout(error) ? 'timed-out' : undefined);
      return this.#fail(effect === 'reads' || isSurelyNotDone(error), reason);
    } finally {
      this.#calls.delete(call);
    }
  }

  /** Who calls seldom would be shown as away for as long; so it is asked, until there is an answer. */
  #failed(effect: Effect, reason: ForeshiftError, end?: string): void {
    this.health.failed(effect, reason, end);
    if (!this.health.isAway || this.#isClosed) return;
    this.#cancelQuestion ??= this.#clock.after(ASK_AGAIN_MS, () => {
      this.#cancelQuestion = undefined;
      if (this.health.isAway && !this.#isClosed) this.run(QUESTION).catch(ignore);
    });
  }

  #fail(isSurelyNotDone: boolean, cause?: ForeshiftError): never {
    const code = isSurelyNotDone ? 'ERR_STORE_UNAVAILABLE' : 'ERR_STORE_AMBIGUOUS';
    return fail(code, { store: this.#store }, cause && { cause });
  }

  #untilReady(): Promise<void> {
    return new Promise((resolve, reject) => {
      const cancel = this.#clock.after(OPEN_TIMEOUT_MS, () => {
        reject(reasonOf(this.#lastError, this.#redis));
      });
      this.#client.once('ready', () => {
        cancel();
        resolve();
      });
      this.#client.on('error', (error: unknown) => {
        const reason = reasonOf(error, this.#redis);
        if (!LASTING.has(reason.code)) return;
        cancel();
        reject(reason);
      });
      // Its failures are events; it tries again by itself.
      this.#client.connect().catch(ignore);
    });
  }

  #noteLosses(): void {
    const fields = { redis: this.#redis, store: this.#store };
    this.#client.on('close', () => {
      if (this.#isLost || this.#isClosed) return;
      this.#isLost = true;
      this.health.connectionLost();
      this.#lastError = new Error('the connection was lost');
      this.#log.warn(fields, 'connection to redis lost');
    });
    this.#client.on('ready', () => {
      this.#isLost = false;
      this.#log.info(fields, 'connected to redis again');
    });
  }
}

function notingName(options: ClientOptions, note: (name: string) => void): ClientOptions {
  const { tls } = options;
  if (tls === undefined) return options;
  const checked: typeof checkServerIdentity = (name, certificate) => {
    note(name);
    return checkServerIdentity(name, certificate);
  };
  return { ...options, tls: { ...tls, checkServerIdentity: checked } };
}

function ignore(): void {
  // the error event, or the health, says it
}
