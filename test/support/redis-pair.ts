import { Redis } from 'ioredis';
import type { Address } from '../../core/domain.js';
import { MASTER, RedisSentinel } from './redis-sentinel.js';
import { RedisServer } from './redis-server.js';
import type { Until } from './until.js';
import { untilWithin } from './until.js';

const SYNC_TIMEOUT_MS = 1000;

/** A master, a replica, and a Sentinel that puts the one in the other's place when that dies. */
export class RedisPair {
  readonly sentinel: RedisSentinel;
  readonly #password: string;
  readonly #until: Until = untilWithin(20_000);
  #master: RedisServer;
  #replica: RedisServer;

  private constructor(
    servers: { readonly master: RedisServer; readonly replica: RedisServer },
    sentinel: RedisSentinel,
    password: string,
  ) {
    this.#master = servers.master;
    this.#replica = servers.replica;
    this.sentinel = sentinel;
    this.#password = password;
  }

  static async start(password: string): Promise<RedisPair> {
    const login = { requirepass: password, masterauth: password };
    const master = await RedisServer.start(login);
    const replica = await RedisServer.start({
      ...login,
      replicaof: `127.0.0.1 ${master.at.port}`,
    });
    const isFollowed = async (): Promise<boolean> =>
      (await ask(master.at, password, (client) => client.info('replication'))).includes(
        'state=online',
      );
    try {
      await untilWithin(20_000)('the replica follows', isFollowed);
      const sentinel = await RedisSentinel.start(master.at, password);
      return new RedisPair({ master, replica }, sentinel, password);
    } catch (error) {
      await replica.dispose();
      await master.dispose();
      throw error;
    }
  }

  /** For clients: as in `RedisOptions`. */
  get at(): { readonly sentinels: readonly Address[]; readonly master: string } {
    return { sentinels: [this.sentinel.at], master: MASTER };
  }

  /** The replica has all that was acknowledged until now. */
  async sync(): Promise<void> {
    await this.#ask(this.#master, (client) => client.wait(1, SYNC_TIMEOUT_MS));
  }

  /** From now on the replica hears nothing of what the master acknowledges. */
  async cut(): Promise<void> {
    await this.#ask(this.#replica, (client) => client.config('SET', 'masterauth', 'wrong'));
    await this.#ask(this.#master, (client) => client.call('CLIENT', 'KILL', 'TYPE', 'replica'));
  }

  /** As kill -9 does. Resolves when the replica is master. */
  async killMaster(): Promise<void> {
    const [dead, heir] = [this.#master, this.#replica];
    await dead.kill();
    await this.#until('the replica is master', async () =>
      (await this.#roleOf(heir)).includes('role:master'),
    );
    [this.#master, this.#replica] = [heir, dead];
  }

  /** The former master comes back, and follows: at once, where the Sentinel would tell it to after ten seconds. */
  async mend(): Promise<void> {
    await this.#ask(this.#master, (client) => client.config('SET', 'masterauth', this.#password));
    await this.#replica.restart({ replicaof: `127.0.0.1 ${this.#master.at.port}` });
    await this.#until('the former master has all', async () =>
      (await this.#roleOf(this.#master)).includes('state=online'),
    );
  }

  async dispose(): Promise<void> {
    await this.sentinel.dispose();
    await this.#replica.dispose();
    await this.#master.dispose();
  }

  #roleOf(server: RedisServer): Promise<string> {
    return this.#ask(server, (client) => client.info('replication'));
  }

  #ask<Answer>(server: RedisServer, question: (client: Redis) => Promise<Answer>): Promise<Answer> {
    return ask(server.at, this.#password, question);
  }
}

async function ask<Answer>(
  at: Address,
  password: string,
  question: (client: Redis) => Promise<Answer>,
): Promise<Answer> {
  const client = new Redis({ ...at, password });
  try {
    return await question(client);
  } finally {
    client.disconnect();
  }
}
