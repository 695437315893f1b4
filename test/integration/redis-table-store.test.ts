import { cp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { SystemClock } from '../../core/clock/system.js';
import { codeOf } from '../../core/errors.js';
import type { Generation } from '../../core/generation.js';
import type { Json } from '../../core/json.js';
import { SILENT_LOG } from '../../core/log.js';
import { SeededRng, integerBelow } from '../../core/rng.js';
import { Draft } from '../../core/table-store/draft.js';
import type { Entry, Revision, TableStore } from '../../core/table-store/port.js';
import { HEAD } from '../../core/table-store/records/table.js';
import { RedisTableStore } from '../../core/table-store/redis.js';
import { TableView } from '../../core/table-store/view.js';
import { describeWith } from '../support/installed.js';
import { RedisServer } from '../support/redis-server.js';
import { untilWithin } from '../support/until.js';

function valuesIn(entries: readonly Entry[]): Map<string, Json> {
  return new Map(entries.map(({ key, value }) => [key, value]));
}

/* What becomes of the table store when its Redis dies, stands still, runs full or comes back older. */

const clock = new SystemClock();
const until = untilWithin(15_000, { pauseMs: 10 });
const parts = { clock, log: SILENT_LOG };
const prefix = '{test}';

describeWith('redis-server')('the table store on a real Redis', () => {
  let server: RedisServer;
  let store: TableStore;
  let client: Redis;

  beforeEach(async () => {
    server = await RedisServer.start();
    store = await open();
    client = new Redis(server.url);
    client.on('error', () => undefined);
  });

  afterEach(async () => {
    await store.close();
    client.disconnect();
    await server.dispose();
  });

  function open(commandTimeoutMs = 5000): Promise<TableStore> {
    return RedisTableStore.open(parts, { redis: { at: server.at, commandTimeoutMs }, prefix });
  }

  const answers = (): Promise<boolean> =>
    store.read(0).then(
      () => true,
      () => false,
    );

  async function valuesOf(): Promise<Map<string, Json>> {
    return valuesIn((await store.read(0)).entries);
  }

  it('has every acknowledged transaction after kill -9, and the doubtful ones whole or not at all', async () => {
    const rng = new SeededRng(1);
    const acknowledged = new Map<number, number>();
    const doubtful = new Set<number>();
    const revisions: number[] = [];
    let number = 0;
    for (let kill = 0; kill < 6; kill++) {
      let isOver = false;
      const writers = Array.from({ length: 4 }, async () => {
        while (!isOver) {
          const mine = ++number;
          const writes = [`a/${mine}`, `b/${mine}`].map((key) => ({ key, value: mine }));
          try {
            const result = await store.transact({ checks: [], writes });
            if (result.committed) acknowledged.set(mine, result.revision);
          } catch (error) {
            if (codeOf(error) === 'ERR_STORE_AMBIGUOUS') doubtful.add(mine);
            else expect(codeOf(error)).toBe('ERR_STORE_UNAVAILABLE');
            await clock.sleep(5);
          }
        }
      });
      await clock.sleep(100 + integerBelow(rng, 50));
      const { storeId } = await store.read(0);
      await server.kill();
      await clock.sleep(50);
      await server.restart();
      await until('it answers', answers);
      isOver = true;
      await Promise.all(writers);
      const after = await store.read(0);
      expect(after.storeId).not.toBe(storeId);
      const there = await valuesOf();
      for (const [one] of acknowledged) {
        expect([there.get(`a/${one}`), there.get(`b/${one}`)]).toEqual([one, one]);
      }
      for (const one of doubtful) expect(there.has(`a/${one}`)).toBe(there.has(`b/${one}`));
      for (let one = 1; one <= number; one++) {
        if (!acknowledged.has(one) && !doubtful.has(one)) expect(there.has(`a/${one}`)).toBe(false);
      }
      revisions.push(after.revision);
    }
    expect(acknowledged.size).toBeGreaterThan(100);
    expect(doubtful.size).toBeGreaterThan(0);
    expect(revisions).toEqual([...revisions].sort((a, b) => a - b));
    expect(new Set(acknowledged.values()).size).toBe(acknowledged.size);
  });

  it('reads back a transaction that came to a Redis that stood still, on the same connection', async () => {
    // So that Redis knows the script, and the next call is one command.
    await store.transact({ checks: [], writes: [{ key: 'b', value: 2 }] });
    await pausedDuring(async () => {
      await expect(writeOne()).rejects.toMatchObject({ code: 'ERR_STORE_AMBIGUOUS' });
    });
    await until('it answers', answers);
    expect((await valuesOf()).get('a')).toBe(1);
  });

  it('reads back a transaction whose connection was given up, and that stays as it was read', async () => {
    await pausedDuring(async () => {
      await expect(writeOne()).rejects.toMatchObject({ code: 'ERR_STORE_AMBIGUOUS' });
      await expect(store.read(0)).rejects.toMatchObject({ code: 'ERR_STORE_UNAVAILABLE' });
      await clock.sleep(1000);
    });
    await until('it answers', answers);
    const read = await store.read(0);
    await clock.sleep(500);
    expect(await store.read(0)).toEqual(read);
  });

  it('shows everything to a reader whose revision another history has passed', async () => {
    const write = (key: string) => store.transact({ checks: [], writes: [{ key, value: key }] });
    await write('kept');
    await saveBackup();
    for (let at = 0; at < 3; at++) await write(`lost/${at}`);
    const before = await store.read(0);
    await restoreBackup();
    for (let at = 0; at < 10; at++) await write(`new/${at}`);
    const after = await store.read(before.revision);
    expect(after.storeId).not.toBe(before.storeId);
    const revisions = new Map(before.entries.map(({ key, revision }) => [key, revision]));
    for (const { key, revision } of (await store.read(0)).entries) {
      if (key.startsWith('new/')) expect([...revisions.values()]).not.toContain(revision);
      else expect([key, revision]).toEqual(['kept', revisions.get('kept')]);
    }
  });

  it('shows one revision as a whole, however many pages and writers there are meanwhile', async () => {
    const redis = { at: server.at, commandTimeoutMs: 5000 };
    const reader = await RedisTableStore.open(parts, { redis, prefix, pageMax: 10 });
    const over = new AbortController();
    const rng = new SeededRng(7);
    const model = new Map<string, Json>();
    const past = new Map<Revision, ReadonlyMap<string, Json>>();
    const writing = (async () => {
      for (let turn = 0; turn < 300; turn++) {
        const keys = Array.from({ length: 20 }, () => `key/${integerBelow(rng, 200)}`);
        const writes = [...new Set(keys)].map((key) => {
          const value = integerBelow(rng, 3) === 0 ? null : turn;
          if (value === null) model.delete(key);
          else model.set(key, value);
          return { key, value };
        });
        const result = await store.transact({ checks: [], writes });
        if (result.committed) past.set(result.revision, new Map(model));
      }
    })().finally(() => {
      over.abort();
    });
    const read: { readonly revision: Revision; readonly values: ReadonlyMap<string, Json> }[] = [];
    const copy = new Map<string, Json>();
    let after = 0;
    while (!over.signal.aborted) {
      const all = await reader.read(0);
      read.push({ revision: all.revision, values: valuesIn(all.entries) });
      const { revision, complete, entries } = await reader.read(after);
      if (complete) copy.clear();
      for (const { key, value } of entries) {
        if (value === null) copy.delete(key);
        else copy.set(key, value);
      }
      after = revision;
      read.push({ revision, values: new Map(copy) });
    }
    await writing;
    await reader.close();
    for (const { revision, values } of read) {
      if (revision > 0) expect(values).toEqual(past.get(revision));
    }
    expect(new Set(read.map(({ revision }) => revision)).size).toBeGreaterThan(10);
  });

  for (const [way, loses] of [
    ['a backup was restored', () => restoreBackup()],
    ['it was emptied', () => client.flushall()],
  ] as const) {
    it(`is restored from a live view after ${way}, and no generation falls`, async () => {
      const view = new TableView({ store, ...parts }, { pollMs: 50, restoreAfterMs: 200 });
      await reserve(view, 3);
      await saveBackup();
      await reserve(view, 5);
      const stop = new AbortController();
      const following = view.follow(stop.signal);
      const seen: Generation[] = [];
      view.onChange(() => seen.push(view.reserved));
      await loses();
      await until('it is restored', () => view.reserved.incarnation === 2 && !view.regressed);
      stop.abort();
      await following;
      expect(seen.every(({ incarnation, epoch }) => incarnation > 1 || epoch >= 5)).toBe(true);
      const other = new TableView({ store, ...parts });
      await other.sync();
      expect(other.reserved).toEqual(view.reserved);
    });
  }

  it('refuses writes and goes on with reads when it is full', async () => {
    await client.config('SET', 'maxmemory', '3mb');
    const value = 'x'.repeat(100_000);
    const fill = async (): Promise<void> => {
      for (let at = 0; at < 100; at++) {
        await store.transact({ checks: [], writes: [{ key: `fill/${at}`, value }] });
      }
    };
    await expect(fill()).rejects.toMatchObject({
      code: 'ERR_STORE_UNAVAILABLE',
      cause: { code: 'ERR_REDIS_FULL' },
    });
    const before = await store.read(0);
    const writes = [
      { key: 'fill/0', value: null },
      { key: 'more', value },
    ];
    await expect(store.transact({ checks: [], writes })).rejects.toMatchObject({
      code: 'ERR_STORE_UNAVAILABLE',
    });
    expect(await store.read(0)).toEqual(before);
    await client.config('SET', 'maxmemory', '0');
    expect((await store.transact({ checks: [], writes })).committed).toBe(true);
  });

  for (const part of ['head', 'entries', 'written', 'removed']) {
    it(`changes nothing when somebody else wrote to its ${part}`, async () => {
      await store.transact({ checks: [], writes: [{ key: 'a', value: 1 }] });
      await client.set(`${prefix}:table:${part}`, 'foreign');
      const before = await dump();
      const writes = [{ key: 'b', value: 2 }];
      const checks = [{ key: 'b', revision: 0 }];
      await expect(store.transact({ checks, writes })).rejects.toMatchObject({
        code: 'ERR_STORE_UNAVAILABLE',
        cause: { code: 'ERR_REDIS_DATA' },
      });
      expect(await dump()).toEqual(before);
    });
  }

  it('remembers so many removals, and shows everything to a reader from before them', async () => {
    const keysOf = (round: number) => Array.from({ length: 1000 }, (_, at) => `${round}/${at}`);
    const first = await store.transact({ checks: [], writes: [{ key: 'a', value: 1 }] });
    for (let round = 0; round < 22; round++) {
      for (const value of [1, null]) {
        const writes = keysOf(round).map((key) => ({ key, value }));
        await store.transact({ checks: [], writes });
      }
    }
    const { revision } = await store.read(0);
    expect(await client.zcard(`${prefix}:table:removed`)).toBe(20_000);
    const changes = await store.read(first.committed ? first.revision : 0);
    expect(changes).toMatchObject({ complete: true, revision });
    expect(changes.entries).toHaveLength(1);
    const near = await store.read(revision - 4);
    expect(near.complete).toBe(false);
    expect(near.entries).toHaveLength(2000);
  });

  const writeOne = () => store.transact({ checks: [], writes: [{ key: 'a', value: 1 }] });

  async function pausedDuring(work: () => Promise<void>): Promise<void> {
    await store.close();
    store = await open(300);
    await store.read(0);
    server.pause();
    try {
      await work();
    } finally {
      server.goOn();
    }
  }

  /** What Redis holds, key by key, as it would be backed up. */
  async function dump(): Promise<(readonly [string, string])[]> {
    const keys = (await client.keys('*')).sort();
    return Promise.all(
      keys.map(async (key) => [key, (await client.dumpBuffer(key)).toString('hex')] as const),
    );
  }

  async function reserve(view: TableView, epoch: number): Promise<void> {
    await view.sync();
    const generation = { incarnation: 1, epoch };
    const draft = new Draft().put(HEAD, 'head', { generation, reserved: generation });
    await store.transact(draft.transaction);
    await view.sync();
  }

  const backup = (): string => join(server.folder, 'backup');

  async function saveBackup(): Promise<void> {
    await cp(join(server.folder, 'appendonlydir'), backup(), { recursive: true });
  }

  async function restoreBackup(): Promise<void> {
    await server.kill();
    const live = join(server.folder, 'appendonlydir');
    await rm(live, { recursive: true });
    await cp(backup(), live, { recursive: true });
    await server.restart();
    await until('it answers', answers);
  }
});
