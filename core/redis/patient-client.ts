import { Redis } from 'ioredis';
import type { ClientOptions, RedisOptions } from './options.js';
import { patientOptions } from './options.js';

/**
 * A client for a library that calls by itself, and makes further connections by copying it. It knows its copies, so
 * that nothing goes on connecting after the library was closed, whatever that has left behind. What is called may wait
 * for the next connection; what waits on a copy – for a job – fails at once when its connection is lost.
 */
export class PatientClient {
  /** To be handed to the library. */
  readonly client: Redis;
  readonly #options: ClientOptions;
  readonly #all: Redis[] = [];

  constructor(options: RedisOptions) {
    this.#options = patientOptions(options);
    this.client = this.#make({});
    const copy = (override?: ClientOptions): Redis =>
      this.#make({ ...override, maxRetriesPerRequest: 0 });
    this.client.duplicate = copy;
  }

  get isConnected(): boolean {
    return this.client.status === 'ready';
  }

  disconnectAll(): void {
    for (const client of this.#all) client.disconnect();
  }

  #make(override: ClientOptions): Redis {
    const client = new Redis({ ...this.#options, ...override });
    // Besides the listeners of the library, which it takes away when it closes.
    client.on('error', ignore);
    this.#all.push(client);
    return client;
  }
}

function ignore(): void {
  // who called hears of it
}
