import { afterAll, beforeAll } from '@jest/globals';
import { SystemClock } from '../../core/clock/system.js';
import { SILENT_LOG } from '../../core/log.js';
import { RedisSessionStore } from '../../core/session-store/redis.js';
import { describeWith } from '../support/installed.js';
import { RedisServer } from '../support/redis-server.js';
import { describeSessionStore } from './session-store.js';

describeWith('redis-server')('a real Redis', () => {
  let server: RedisServer;
  let worlds = 0;

  beforeAll(async () => {
    server = await RedisServer.start();
  });

  afterAll(() => server.dispose());

  describeSessionStore('RedisSessionStore', async () => {
    const recordsMax = 20;
    const prefix = `{test-${++worlds}}`;
    const parts = { clock: new SystemClock(), log: SILENT_LOG };
    const open = () =>
      RedisSessionStore.open(parts, { redis: { at: server.at }, prefix, limits: { recordsMax } });
    return { store: await open(), recordsMax, reopen: open };
  });
});
