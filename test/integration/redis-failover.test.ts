import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { SystemClock } from '../../core/clock/system.js';
import type { Generation } from '../../core/generation.js';
import { compareGenerations, formatGeneration } from '../../core/generation.js';
import { SILENT_LOG } from '../../core/log.js';
import { Draft } from '../../core/table-store/draft.js';
import type { TableStore } from '../../core/table-store/port.js';
import { HEAD } from '../../core/table-store/records/table.js';
import { RedisTableStore } from '../../core/table-store/redis.js';
import { TableView } from '../../core/table-store/view.js';
import { describeWith } from '../support/installed.js';
import { RedisPair } from '../support/redis-pair.js';
import { untilWithin } from '../support/until.js';

/*
 * A master, a replica and a Sentinel. The master dies; the replica that takes its place has all that was
 * acknowledged, or not. Who watched sees no generation fall, either way.
 */

const PASSWORD = 'pw';
const clock = new SystemClock();
const until = untilWithin(20_000);
const parts = { clock, log: SILENT_LOG };

describeWith('redis-sentinel')('a failover by Sentinel', () => {
  let pair: RedisPair;
  let stores: TableStore[];

  beforeEach(async () => {
    pair = await RedisPair.start(PASSWORD);
    stores = await Promise.all([open(), open()]);
  });

  afterEach(async () => {
    for (const store of stores) await store.close();
    await pair.dispose();
  });

  function open(): Promise<TableStore> {
    const redis = { at: pair.at, password: PASSWORD, commandTimeoutMs: 500 };
    return RedisTableStore.open(parts, { redis, prefix: '{test}' });
  }

  /** Acknowledged by whoever is master now, however long it takes to find it. */
  async function reserve(store: TableStore, generation: Generation): Promise<void> {
    const draft = new Draft().put(HEAD, 'head', { generation, reserved: generation });
    await until(`${formatGeneration(generation)} is reserved`, () =>
      store.transact(draft.transaction).then(
        ({ committed }) => committed,
        () => false,
      ),
    );
  }

  it.each([
    ['with all that was acknowledged', false],
    ['without the last that was acknowledged', true],
  ])('%s lets no generation fall', async (_, loses) => {
    const [store] = stores;
    if (store === undefined) throw new Error('two were opened');
    const seen = stores.map((): Generation[] => []);
    const stop = new AbortController();
    const views = stores.map((one) => {
      return new TableView({ store: one, ...parts }, { pollMs: 50, restoreAfterMs: 200 });
    });
    for (const [at, view] of views.entries()) view.onChange(() => seen[at]?.push(view.reserved));
    const following = views.map((view) => view.follow(stop.signal));

    await reserve(store, { incarnation: 1, epoch: 3 });
    await pair.sync();
    if (loses) await pair.cut();
    await reserve(store, { incarnation: 1, epoch: 6 });
    if (!loses) await pair.sync();
    await until('all have seen it', () => views.every(({ reserved }) => reserved.epoch === 6));
    const { storeId } = await store.read(0);

    await pair.killMaster();
    const expected = loses ? { incarnation: 2, epoch: 0 } : { incarnation: 1, epoch: 6 };
    await until('everybody follows the new master', () =>
      views.every(
        (view) =>
          view.storeId !== storeId &&
          !view.regressed &&
          view.reserved.incarnation === expected.incarnation,
      ),
    );
    await pair.mend();
    const next = { ...expected, epoch: expected.epoch + 10 };
    await reserve(store, next);
    await until('all have seen it', () =>
      views.every(({ reserved }) => compareGenerations(reserved, next) === 0),
    );
    stop.abort();
    await Promise.all(following);
    for (const generations of seen) {
      expect(generations).toEqual([...generations].sort(compareGenerations));
      expect(generations.length).toBeGreaterThan(2);
    }
  });
});
