import { afterEach, beforeEach, describe, expect } from '@jest/globals';
import type { Json } from '../../core/json.js';
import type { Rng } from '../../core/rng.js';
import { SeededRng, integerBelow, pick } from '../../core/rng.js';
import type { Changes, Revision, TableStore, Write } from '../../core/table-store/port.js';
import type { LeftOut } from '../support/conformance.js';
import { suiteTest } from '../support/conformance.js';

export interface TableStoreWorld {
  /** Empty. */
  readonly store: TableStore;
  /** The same data opened again after its store was closed. */
  readonly reopen?: () => Promise<TableStore>;
  /** Resolves once notices of what happened so far have been given. */
  settled(): Promise<void>;
  readonly dispose?: () => Promise<void>;
}

const VALUES: readonly Json[] = [
  true,
  0,
  1e300,
  '',
  'Ümlaut "\n\ud83d\ude80',
  [],
  {},
  [[null]],
  { a: { b: [1, null] } },
];
const KEYS = ['a/1', 'a/2', 'b/1', 'placement/vol:7.x_y-z', 'member/r1'];

/** A reader's copy, kept up with changes only. */
class Copy {
  revision: Revision = 0;
  entries = new Map<string, { readonly value: Json; readonly revision: Revision }>();

  take({ revision, complete, entries }: Changes): void {
    if (complete) this.entries = new Map();
    for (const { key, value, revision: written } of entries) {
      expect(written).toBeLessThanOrEqual(revision);
      if (value === null) this.entries.delete(key);
      else this.entries.set(key, { value, revision: written });
    }
    this.revision = revision;
  }
}

/** What every table store must do; each engine's test calls this. */
export function describeTableStore(
  name: string,
  make: () => Promise<TableStoreWorld>,
  leftOut: readonly LeftOut[] = [],
): void {
  describe(name, () => {
    const it = suiteTest(leftOut);
    let world: TableStoreWorld;
    let store: TableStore;

    beforeEach(async () => {
      world = await make();
      ({ store } = world);
    });

    afterEach(async () => {
      await store.close();
      await world.dispose?.();
    });

    async function write(...writes: Write[]): Promise<Revision> {
      const result = await store.transact({ checks: [], writes });
      if (!result.committed) throw new Error('nothing was checked');
      return result.revision;
    }

    async function current(): Promise<Copy> {
      const copy = new Copy();
      copy.take(await store.read(0));
      return copy;
    }

    async function valueOf(key: string): Promise<Json | undefined> {
      return (await current()).entries.get(key)?.value;
    }

    it('is empty at first, and says that this is all', async () => {
      const changes = await store.read(0);
      expect(changes).toMatchObject({ complete: true, entries: [] });
      expect(changes.storeId).not.toBe('');
    });

    it('gives back every value as it was written', async () => {
      for (const [at, value] of VALUES.entries()) await write({ key: `v/${at}`, value });
      const { entries } = await current();
      expect([...entries].map(([key, { value }]) => [key, value]).sort()).toEqual(
        VALUES.map((value, at) => [`v/${at}`, value]).sort(),
      );
    });

    it('gives all writes of a transaction one revision, above all before', async () => {
      const first = await write({ key: 'a', value: 1 });
      const second = await write({ key: 'a', value: 2 }, { key: 'b', value: 3 });
      expect(second).toBeGreaterThan(first);
      const { revision, entries } = await current();
      expect(revision).toBe(second);
      expect(entries.get('a')).toEqual({ value: 2, revision: second });
      expect(entries.get('b')).toEqual({ value: 3, revision: second });
    });

    it('removes a key whose value is null', async () => {
      await write({ key: 'a', value: 1 }, { key: 'b', value: 2 });
      await write({ key: 'a', value: null });
      await write({ key: 'never there', value: null });
      expect([...(await current()).entries.keys()]).toEqual(['b']);
    });

    it('applies a transaction whose checks hold', async () => {
      const revision = await write({ key: 'a', value: 1 });
      const checks = [
        { key: 'a', revision },
        { key: 'b', revision: 0 },
      ];
      const result = await store.transact({ checks, writes: [{ key: 'b', value: 2 }] });
      expect(result.committed).toBe(true);
      expect(await valueOf('b')).toBe(2);
    });

    it('applies nothing of one of whose checks one does not hold, and names its key', async () => {
      const first = await write({ key: 'a', value: 1 });
      const second = await write({ key: 'a', value: 2 });
      const before = await store.read(0);
      for (const [key, revision] of [
        ['a', first],
        ['a', 0],
        ['a', second + 1],
        ['b', second],
      ] as const) {
        const checks = [{ key, revision }];
        const writes = [
          { key: 'a', value: 3 },
          { key: 'c', value: 3 },
        ];
        expect(await store.transact({ checks, writes })).toEqual({
          committed: false,
          conflict: key,
        });
      }
      expect(await store.read(0)).toEqual(before);
    });

    it('sees a key that was removed as one that never was', async () => {
      const revision = await write({ key: 'a', value: 1 });
      await write({ key: 'a', value: null });
      const again = (expected: Revision) =>
        store.transact({
          checks: [{ key: 'a', revision: expected }],
          writes: [{ key: 'a', value: 2 }],
        });
      expect(await again(revision)).toEqual({ committed: false, conflict: 'a' });
      expect((await again(0)).committed).toBe(true);
    });

    it('lets one win of many who check the same', async () => {
      const revision = await write({ key: 'a', value: 'before' });
      const results = await Promise.all(
        Array.from({ length: 20 }, (_, at) =>
          store.transact({ checks: [{ key: 'a', revision }], writes: [{ key: 'a', value: at }] }),
        ),
      );
      const winners = results.flatMap(({ committed }, at) => (committed ? [at] : []));
      expect(winners).toHaveLength(1);
      expect(await valueOf('a')).toBe(winners[0]);
    });

    it('counts right when many add at the same time', async () => {
      const add = async (): Promise<void> => {
        for (;;) {
          const { entries } = await current();
          const known = entries.get('sum') ?? { value: 0, revision: 0 };
          const result = await store.transact({
            checks: [{ key: 'sum', revision: known.revision }],
            writes: [{ key: 'sum', value: Number(known.value) + 1 }],
          });
          if (result.committed) return;
        }
      };
      await Promise.all(Array.from({ length: 8 }, add));
      expect(await valueOf('sum')).toBe(8);
    });

    it('shows to a reader what is new since then, removals too', async () => {
      const copy = new Copy();
      await write({ key: 'a', value: 1 }, { key: 'b', value: 1 });
      copy.take(await store.read(copy.revision));
      const revision = await write({ key: 'a', value: null }, { key: 'c', value: 2 });
      await write({ key: 'b', value: 3 });
      copy.take(await store.read(copy.revision));
      expect([...copy.entries.keys()].sort()).toEqual(['b', 'c']);
      expect(copy.entries.get('c')).toEqual({ value: 2, revision });
      const idle = await store.read(copy.revision);
      expect(idle.revision).toBe(copy.revision);
      copy.take(idle);
      expect(copy.entries.size).toBe(2);
    });

    for (const seed of [1, 2, 3]) {
      it(`keeps every reader up, however far behind (seed ${seed})`, async () => {
        const rng = new SeededRng(seed);
        const copies = Array.from({ length: 4 }, () => new Copy());
        const model = new Map<string, Json>();
        for (let turn = 0; turn < 100; turn++) {
          await write(...randomWrites(rng, model));
          const copy = pick(rng, copies);
          copy.take(await store.read(copy.revision));
          const values = [...copy.entries].map(([key, { value }]) => [key, value]);
          expect(new Map(values as [string, Json][])).toEqual(model);
        }
      });
    }

    it('shows everything to a reader from the future', async () => {
      const revision = await write({ key: 'a', value: 1 });
      const changes = await store.read(revision + 1000);
      expect(changes).toMatchObject({ complete: true, revision });
      expect(changes.entries).toEqual([{ key: 'a', value: 1, revision }]);
    });

    it('calls back after each new revision, until told not to', async () => {
      const seen: Revision[] = [];
      const news = (revision: Revision) => seen.some((one) => one >= revision);
      let calls = 0;
      let reading: Promise<unknown> = Promise.resolve();
      const unwatch = store.watch(() => {
        calls += 1;
        reading = reading.then(async () => seen.push((await store.read(0)).revision));
      });
      const first = await write({ key: 'a', value: 1 });
      await world.settled();
      await reading;
      expect(news(first)).toBe(true);
      const second = await write({ key: 'a', value: 2 });
      await world.settled();
      await reading;
      expect(news(second)).toBe(true);
      unwatch();
      const callsBefore = calls;
      await write({ key: 'a', value: 3 });
      await world.settled();
      expect(calls).toBe(callsBefore);
    });

    it('has everything after it was closed and opened again, under the same name', async () => {
      await write({ key: 'a', value: 1 }, { key: 'b', value: 2 });
      await write({ key: 'b', value: null });
      const before = await store.read(0);
      if (world.reopen === undefined) throw new Error('leave this test out');
      await store.close();
      store = await world.reopen();
      expect(await store.read(0)).toEqual(before);
      expect(await write({ key: 'c', value: 3 })).toBeGreaterThan(before.revision);
    });
  });
}

function randomWrites(rng: Rng, model: Map<string, Json>): Write[] {
  const keys = new Set(Array.from({ length: 1 + integerBelow(rng, 3) }, () => pick(rng, KEYS)));
  return [...keys].map((key) => {
    const value = integerBelow(rng, 4) === 0 ? null : integerBelow(rng, 1000);
    if (value === null) model.delete(key);
    else model.set(key, value);
    return { key, value };
  });
}
