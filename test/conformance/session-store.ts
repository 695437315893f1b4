import { afterEach, beforeEach, describe, expect } from '@jest/globals';
import type { Json } from '../../core/json.js';
import type { SessionStore } from '../../core/session-store/port.js';
import { SESSION_KINDS } from '../../core/session-store/port.js';
import type { LeftOut } from '../support/conformance.js';
import { suiteTest } from '../support/conformance.js';

export interface SessionStoreWorld {
  /** Empty. */
  readonly store: SessionStore;
  /** How many records of a kind it was told to take; few. */
  readonly recordsMax: number;
  /** The same data opened again after its store was closed. */
  readonly reopen?: () => Promise<SessionStore>;
  readonly dispose?: () => Promise<void>;
}

const VALUES: readonly Json[] = [
  null,
  0,
  -1.5e300,
  '',
  'Ümlaut "\u0000\n\ud83d\ude80',
  [],
  {},
  [1, [2, { three: null }]],
  { a: { b: [true, false] }, 'c d': '' },
];
const IDS = ['1', 'a b', 'vol/7:\n*', 'Ümlaut', '__proto__', 'x'.repeat(500)];

/** What every session store must do; each engine's test calls this. */
export function describeSessionStore(
  name: string,
  make: () => Promise<SessionStoreWorld>,
  leftOut: readonly LeftOut[] = [],
): void {
  describe(name, () => {
    const it = suiteTest(leftOut);
    let world: SessionStoreWorld;
    let store: SessionStore;

    beforeEach(async () => {
      world = await make();
      ({ store } = world);
    });

    afterEach(async () => {
      await store.close();
      await world.dispose?.();
    });

    async function sorted(kind: 'session' | 'credential' | 'handle'): Promise<string[]> {
      return (await store.list(kind)).map(([id, value]) => `${id}=${JSON.stringify(value)}`).sort();
    }

    it('has nothing at first', async () => {
      for (const kind of SESSION_KINDS) expect(await store.list(kind)).toEqual([]);
      expect(await store.get('session', '1')).toBeUndefined();
      await store.remove('session', '1');
    });

    it('gives back every value as it was put, under every id', async () => {
      for (const [at, value] of VALUES.entries()) {
        for (const id of IDS) await store.put('session', id, [at, value]);
        for (const id of IDS) expect(await store.get('session', id)).toEqual([at, value]);
      }
      expect((await store.list('session')).map(([id]) => id).sort()).toEqual([...IDS].sort());
      await store.put('session', 'null', null);
      expect(await store.get('session', 'null')).toBeNull();
    });

    it('keeps the kinds apart', async () => {
      for (const kind of SESSION_KINDS) await store.put(kind, '1', kind);
      await store.remove('credential', '1');
      expect(await store.get('session', '1')).toBe('session');
      expect(await store.get('credential', '1')).toBeUndefined();
      expect(await store.list('handle')).toEqual([['1', 'handle']]);
    });

    it('keeps the last of what was put and removed, in the order of the calls', async () => {
      const calls: Promise<void>[] = [];
      for (let at = 0; at < 50; at++) {
        calls.push(store.put('session', String(at % 5), at));
        if (at % 10 === 7) calls.push(store.remove('session', '2'));
      }
      await Promise.all(calls);
      expect(await sorted('session')).toEqual(['0=45', '1=46', '3=48', '4=49']);
    });

    it('is not changed by what becomes of a value that was put', async () => {
      const value = { open: ['a'] };
      await store.put('session', '1', value);
      value.open.push('b');
      expect(await store.get('session', '1')).toEqual({ open: ['a'] });
    });

    it('takes as many records of a kind as it was told to, and no more', async () => {
      const { recordsMax } = world;
      for (let at = 0; at < recordsMax; at++) await store.put('handle', String(at), at);
      await expect(store.put('handle', 'one more', 0)).rejects.toMatchObject({
        code: 'ERR_LIMIT_REACHED',
      });
      await store.put('handle', '0', 'changed');
      await store.put('session', 'another kind', 0);
      await store.remove('handle', '1');
      await store.put('handle', 'one more', 0);
      expect(await store.list('handle')).toHaveLength(recordsMax);
    });

    it('refuses values and ids without end', async () => {
      const long = 'x'.repeat(10 << 20);
      const refused = { code: 'ERR_LIMIT_REACHED' };
      await expect(store.put('session', '1', long)).rejects.toMatchObject(refused);
      await expect(store.put('session', long, 1)).rejects.toMatchObject(refused);
      expect(await store.list('session')).toEqual([]);
    });

    it('has everything after it was closed and opened again', async () => {
      await store.put('session', '1', { a: 1 });
      await store.put('session', '2', 2);
      await store.put('credential', '1', 'secret');
      await store.remove('session', '2');
      if (world.reopen === undefined) throw new Error('leave this test out');
      await store.close();
      store = await world.reopen();
      expect(await store.list('session')).toEqual([['1', { a: 1 }]]);
      expect(await store.get('credential', '1')).toBe('secret');
    });
  });
}
