import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { SimulatedClock } from '../../../../core/clock/simulated.js';
import { fail } from '../../../../core/errors.js';
import type { Json } from '../../../../core/json.js';
import { SILENT_LOG } from '../../../../core/log.js';
import { MemorySessionStore } from '../../../../core/session-store/memory.js';
import type { SessionKind, SessionStore } from '../../../../core/session-store/port.js';
import { SessionBook } from '../../../../redirector/sessions/session-book.js';
import { fuzzRuns } from '../../../support/fuzz.js';

const SCOPE = 'address/10.0.0.10';
const session = (id: string, count: number) => ({ id, protocol: 'smb', state: { count } });

/** A store that may be away, and whose writes may be held back: they arrive when they are let go, or never. */
class LateStore implements SessionStore {
  isAway = false;
  isHeld = false;
  readonly #store: MemorySessionStore;
  readonly #late: (() => Promise<void>)[] = [];

  constructor(store: MemorySessionStore) {
    this.#store = store;
  }

  async letGo(): Promise<void> {
    for (const write of this.#late.splice(0)) await write();
  }

  put(kind: SessionKind, id: string, value: Json): Promise<void> {
    return this.#write(() => this.#store.put(kind, id, value));
  }

  remove(kind: SessionKind, id: string): Promise<void> {
    return this.#write(() => this.#store.remove(kind, id));
  }

  get(kind: SessionKind, id: string): Promise<Json | undefined> {
    return this.#store.get(kind, id);
  }

  list(kind: SessionKind): Promise<readonly (readonly [string, Json])[]> {
    return this.#store.list(kind);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #write(work: () => Promise<void>): Promise<void> {
    if (this.isAway)
      return Promise.resolve().then(() => fail('ERR_STORE_UNAVAILABLE', { store: 'x' }));
    if (!this.isHeld) return work();
    this.#late.push(work);
    // Nobody hears of it: its process does not run.
    return new Promise(() => undefined);
  }
}

function setting() {
  const clock = new SimulatedClock();
  const memory = new MemorySessionStore();
  const hand = (options = {}) => {
    const store = new LateStore(memory);
    return { store, book: new SessionBook({ store, clock, log: SILENT_LOG }, options) };
  };
  return { clock, memory, hand };
}

describe('the book of sessions', () => {
  it('leaves to the next hand what was kept, as it was last, without what ended', async () => {
    const { clock, hand } = setting();
    const { book } = hand();
    expect(await book.open(SCOPE, 1)).toEqual([]);
    for (const id of ['a', 'b|c', 'd']) book.keep(SCOPE, session(id, 1));
    book.keep(SCOPE, session('a', 2));
    book.end(SCOPE, 'd');
    await clock.advance(1);
    const next = await hand().book.open(SCOPE, 2);
    expect(next).toEqual(expect.arrayContaining([session('a', 2), session('b|c', 1)]));
    expect(next).toHaveLength(2);
  });

  it('takes nothing for a scope that is not in this hand, and refuses an older hand', async () => {
    const { hand } = setting();
    const { book } = hand();
    expect(book.keep(SCOPE, session('a', 1))).toBe(false);
    await book.open(SCOPE, 5);
    await expect(hand().book.open(SCOPE, 4)).rejects.toMatchObject({ code: 'ERR_CONFLICT' });
    book.leave(SCOPE);
    expect(book.keep(SCOPE, session('a', 1))).toBe(false);
  });

  it('counts by itself where the hand is always the same', async () => {
    const { clock, hand } = setting();
    for (let life = 0; life < 3; life++) {
      const { book } = hand();
      expect(await book.open('member/r1')).toHaveLength(life);
      book.keep('member/r1', session(`of-${life}`, life));
      await clock.advance(1);
    }
  });

  it('keeps writing the newest state while the store is away, up to its limit, and waits for nobody', async () => {
    const { clock, memory, hand } = setting();
    const { book, store } = hand({ unwrittenMax: 2, retryMs: 100 });
    await book.open(SCOPE, 1);
    store.isAway = true;
    for (let count = 1; count <= 5; count++) {
      expect(book.keep(SCOPE, session('a', count))).toBe(true);
      await clock.advance(200);
    }
    expect(book.keep(SCOPE, session('b', 1))).toBe(true);
    expect(book.keep(SCOPE, session('c', 1))).toBe(false);
    expect([book.unwritten, book.refused]).toEqual([2, 1]);
    store.isAway = false;
    await clock.advance(200);
    expect(book.unwritten).toBe(0);
    expect(await memory.get('session', `${SCOPE}|1|a`)).toEqual({
      protocol: 'smb',
      state: { count: 5 },
    });
  });

  it('is left whole by any succession of hands, whatever a former one writes late or leaves half done', async () => {
    const actArbitrary = fc.oneof(
      {
        weight: 6,
        arbitrary: fc.record({
          act: fc.constant('keep' as const),
          id: fc.integer({ min: 0, max: 5 }),
          count: fc.nat(99),
        }),
      },
      {
        weight: 2,
        arbitrary: fc.record({
          act: fc.constant('end' as const),
          id: fc.integer({ min: 0, max: 5 }),
        }),
      },
      {
        weight: 2,
        arbitrary: fc.record({
          act: fc.constantFrom(
            'succeed' as const,
            'fail to succeed' as const,
            'hold' as const,
            'late' as const,
          ),
        }),
      },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(actArbitrary, { maxLength: 60 }), async (acts) => {
        const { clock, hand } = setting();
        let term = 1;
        let current = hand();
        const former: LateStore[] = [];
        const expected = new Map<string, number>();
        await current.book.open(SCOPE, term);
        for (const each of acts) {
          if (each.act === 'keep' || each.act === 'end') {
            const id = `s${each.id}`;
            if (current.store.isHeld) continue;
            if (each.act === 'keep') {
              current.book.keep(SCOPE, session(id, each.count));
              expected.set(id, each.count);
            } else {
              current.book.end(SCOPE, id);
              expected.delete(id);
            }
            await clock.advance(1);
            continue;
          }
          if (each.act === 'hold') {
            // From now on it is paused in the midst of a write that nobody counts on.
            current.store.isHeld = true;
            current.book.keep(SCOPE, session('s0', 1000));
            current.book.end(SCOPE, 's1');
            await clock.advance(1);
          } else if (each.act === 'late') {
            for (const store of former) await store.letGo();
          } else {
            former.push(current.store);
            term += 1;
            current = hand();
            if (each.act === 'fail to succeed') {
              current.store.isHeld = true;
              void current.book.open(SCOPE, term);
              await clock.advance(1);
              continue;
            }
            const found = await current.book.open(SCOPE, term);
            const counts = found.map(({ id, state }) => [id, (state as { count: number }).count]);
            expect(new Map(counts as [string, number][])).toEqual(expected);
          }
        }
      }),
      fuzzRuns(300),
    );
  });
});
