import { beforeEach, describe, expect, it } from '@jest/globals';
import { Prepared } from '../../../core/prepared.js';

interface Making {
  readonly of: string;
  readonly end: () => void;
  readonly fail: (error: Error) => void;
}

let fact: string;
let makings: Making[];
let prepared: Prepared<string, string>;

beforeEach(() => {
  fact = 'one';
  makings = [];
  prepared = new Prepared(
    () => Promise.resolve({ facts: [fact], source: fact }),
    (of) =>
      new Promise((resolve, reject) => {
        const end = (): void => {
          resolve(`made of ${of}`);
        };
        makings.push({ of, end, fail: reject });
      }),
  );
});

/** Until whatever can go on has. */
const settled = () => new Promise((resolve) => setImmediate(resolve));
const madeOf = () => makings.map(({ of }) => of);

describe('what is prepared', () => {
  it('is made once for all who ask meanwhile, and kept', async () => {
    const both = Promise.all([prepared.now(), prepared.now()]);
    await settled();
    makings[0]!.end();
    expect(await both).toEqual(['made of one', 'made of one']);
    expect(await prepared.now()).toBe('made of one');
    expect(madeOf()).toEqual(['one']);
  });

  it('is never of facts that were others already when it was asked for', async () => {
    const former = prepared.now();
    await settled();
    fact = 'two';
    const newer = [prepared.now(), prepared.now()];
    await settled();
    // One at a time.
    expect(madeOf()).toEqual(['one']);
    makings[0]!.end();
    await settled();
    expect(madeOf()).toEqual(['one', 'two']);
    makings[1]!.end();
    expect(await former).toBe('made of one');
    expect(await Promise.all(newer)).toEqual(['made of two', 'made of two']);
    expect(madeOf()).toEqual(['one', 'two']);
  });

  it('is made of the newest facts, once for all changes that came while another was made', async () => {
    const asked = [prepared.now()];
    await settled();
    for (const next of ['two', 'three', 'four']) {
      fact = next;
      asked.push(prepared.now());
      await settled();
    }
    makings[0]!.end();
    await settled();
    makings[1]!.end();
    expect(await Promise.all(asked)).toEqual([
      'made of one',
      'made of four',
      'made of four',
      'made of four',
    ]);
    expect(madeOf()).toEqual(['one', 'four']);
  });

  it('is told to all who wait if it cannot be made, and made anew for the next', async () => {
    const waiting = Promise.allSettled([prepared.now(), prepared.now()]);
    await settled();
    makings[0]!.fail(new Error('away'));
    expect(await waiting).toMatchObject([
      { status: 'rejected', reason: { message: 'away' } },
      { status: 'rejected', reason: { message: 'away' } },
    ]);
    const again = prepared.now();
    await settled();
    makings[1]!.end();
    expect(await again).toBe('made of one');
  });

  it('of newer facts comes also after one that could not be made', async () => {
    const former = prepared.now();
    await settled();
    fact = 'two';
    const newer = prepared.now();
    await settled();
    makings[0]!.fail(new Error('away'));
    await expect(former).rejects.toThrow('away');
    await settled();
    makings[1]!.end();
    expect(await newer).toBe('made of two');
  });

  describe('of a moment ago', () => {
    const make = async (): Promise<void> => {
      const first = prepared.now();
      await settled();
      makings.at(-1)!.end();
      await first;
    };

    it('answers while what is newer is made, for whoever asks later', async () => {
      await make();
      fact = 'two';
      expect(await prepared.recent(() => 'meanwhile')).toBe('made of one');
      expect(await prepared.recent(() => 'meanwhile')).toBe('made of one');
      expect(madeOf()).toEqual(['one', 'two']);
      makings[1]!.end();
      await settled();
      expect(await prepared.recent(() => 'meanwhile')).toBe('made of two');
    });

    it('is of use for as long as it is said to be', async () => {
      await make();
      fact = 'two';
      expect(await prepared.recent(() => 'still')).toBe('made of one');
      expect(madeOf()).toEqual(['one']);
    });

    it('is of no use where it is said to be of none, or there is none', async () => {
      await make();
      fact = 'two';
      const newer = prepared.recent(() => 'no');
      await settled();
      makings[1]!.end();
      expect(await newer).toBe('made of two');
    });

    it('goes on answering when what is newer cannot be made, and that is tried again', async () => {
      await make();
      fact = 'two';
      expect(await prepared.recent(() => 'meanwhile')).toBe('made of one');
      makings[1]!.fail(new Error('away'));
      await settled();
      expect(await prepared.recent(() => 'meanwhile')).toBe('made of one');
      expect(madeOf()).toEqual(['one', 'two', 'two']);
    });
  });
});
