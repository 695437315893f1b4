import { afterAll, beforeAll } from '@jest/globals';
import { Redis } from 'ioredis';
import { SystemClock } from '../../core/clock/system.js';
import { SILENT_LOG } from '../../core/log.js';
import { RedisTableStore } from '../../core/table-store/redis.js';
import { describeWith } from '../support/installed.js';
import { RedisServer } from '../support/redis-server.js';
import type { TableStoreWorld } from './table-store.js';
import { describeTableStore } from './table-store.js';

describeWith('redis-server')('a real Redis', () => {
  let server: RedisServer;
  let client: Redis;
  let worlds = 0;

  beforeAll(async () => {
    server = await RedisServer.start();
    client = new Redis(server.url);
  });

  afterAll(async () => {
    client.disconnect();
    await server.dispose();
  });

  describeTableStore('RedisTableStore', () => world({}));

  describeTableStore('RedisTableStore, by small pages', () => world({ pageMax: 2 }));

  async function world(options: { readonly pageMax?: number }): Promise<TableStoreWorld> {
    const prefix = `{test-${++worlds}}`;
    const parts = { clock: new SystemClock(), log: SILENT_LOG };
    const open = () =>
      RedisTableStore.open(parts, { redis: { at: server.at }, prefix, ...options });
    const store = await open();
    /** Notices come in their order, each to all who watch; so two that were sent later come after all before. */
    const settled = async (): Promise<void> => {
      for (let round = 0; round < 2; round++) {
        await new Promise<void>((resolve) => {
          const unwatch = store.watch(() => {
            unwatch();
            resolve();
          });
          void client.publish(`${prefix}:table:changes`, '');
        });
      }
    };
    return { store, settled, reopen: open };
  }
});
