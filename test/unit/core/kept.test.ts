import { describe, expect, it } from '@jest/globals';
import { Kept, KeptRecent } from '../../../core/kept.js';

describe('what is kept', () => {
  it('is made anew only when a fact is another', () => {
    const kept = new Kept<number>();
    let made = 0;
    const make = (): number => ++made;
    const fact = {};
    expect([kept.of([fact, 1], make), kept.of([fact, 1], make)]).toEqual([1, 1]);
    expect([kept.of([{}, 1], make), kept.of([fact, 1], make), kept.of([fact], make)]).toEqual([
      2, 3, 4,
    ]);
  });

  it('is asked for again when it could not be made, at once or later', async () => {
    const kept = new Kept<Promise<string>>();
    const away = (): never => {
      throw new Error('away');
    };
    expect(() => kept.of([1], away)).toThrow('away');
    await expect(kept.of([1], () => Promise.reject(new Error('away')))).rejects.toThrow('away');
    await expect(kept.of([1], () => Promise.resolve('there'))).resolves.toBe('there');
  });

  it('outlives a former one that fails late', async () => {
    const kept = new Kept<Promise<string>>();
    let failFormer = (): void => undefined;
    const former = kept.of([1], () => {
      return new Promise((_resolve, reject) => {
        failFormer = () => {
          reject(new Error('late'));
        };
      });
    });
    const newer = kept.of([2], () => Promise.resolve('newer'));
    failFormer();
    await expect(former).rejects.toThrow('late');
    expect(kept.of([2], () => Promise.resolve('made twice'))).toBe(newer);
  });
});

describe('the last few answers', () => {
  it('are kept by question, but for the one that was asked for longest ago', () => {
    const kept = new KeptRecent<string, string>(2);
    const made: string[] = [];
    const ask = (key: string): string =>
      kept.of(key, () => {
        made.push(key);
        return `of ${key}`;
      });
    for (const key of ['a', 'b', 'a', 'c', 'a', 'b']) expect(ask(key)).toBe(`of ${key}`);
    expect(made).toEqual(['a', 'b', 'c', 'b']);
  });
});
