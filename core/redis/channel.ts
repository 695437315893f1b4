import { Redis } from 'ioredis';
import { reasonOf } from './failure.js';
import type { RedisParts } from './connection.js';
import { lasting } from './lasting.js';
import type { RedisOptions } from './options.js';
import { clientOptions, nameOf } from './options.js';

/**
 * Listens to one channel, on a connection of its own. Calls back after each message, and after each new
 * connection, since messages may have been missed. While it is not connected it is silent: who listens polls too.
 */
export class RedisChannel {
  readonly #client: Redis;
  readonly #notify: () => void;
  readonly #end: () => void;

  private constructor({ clock }: RedisParts, options: RedisOptions, notify: () => void) {
    this.#client = new Redis(clientOptions(options));
    this.#end = lasting(this.#client, clock);
    this.#notify = notify;
    this.#client.on('error', ignore);
    this.#client.on('message', notify);
  }

  /** Resolves once it listens; later losses are mended by themselves. @throws ERR_REDIS_… */
  static async open(
    parts: RedisParts,
    options: RedisOptions,
    { channel, notify }: { readonly channel: string; readonly notify: () => void },
  ): Promise<RedisChannel> {
    const opened = new RedisChannel(parts, options, notify);
    const redis = nameOf(options);
    try {
      await opened.#client.connect();
      await opened.#client.subscribe(channel);
    } catch (error) {
      opened.close();
      throw reasonOf(error, redis);
    }
    opened.#client.on('ready', () => {
      opened.#listen(channel).catch((err: unknown) => {
        // Until the next connection there is only polling.
        parts.log.warn({ err: reasonOf(err, redis), channel }, 'not told of changes');
      });
    });
    return opened;
  }

  close(): void {
    this.#end();
  }

  async #listen(channel: string): Promise<void> {
    await this.#client.subscribe(channel);
    this.#notify();
  }
}

function ignore(): void {
  // the connection of the calls says it
}
