import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ByteBudget } from '../../../../../redirector/adapters/iscsi/composite/byte-budget.js';
import {
  blocksOf,
  layoutOf,
  piecesOf,
  runsOf,
} from '../../../../../redirector/adapters/iscsi/composite/layout.js';
import { ReadData } from '../../../../../redirector/adapters/iscsi/composite/read-data.js';
import { worseOf } from '../../../../../redirector/adapters/iscsi/composite/worst.js';

/** Block by block, without a formula: what stands at each block of the composite. */
function placesOf(stripe: number | undefined, parts: readonly number[]): string[] {
  const places: string[] = [];
  if (stripe === undefined) {
    for (const [part, blocks] of parts.entries()) {
      for (let block = 0; block < blocks; block++) places.push(`${part}:${block}`);
    }
    return places;
  }
  for (let row = 0; (row + 1) * stripe <= Math.min(...parts); row++) {
    for (const part of parts.keys()) {
      for (let at = 0; at < stripe; at++) places.push(`${part}:${row * stripe + at}`);
    }
  }
  return places;
}

const layouts = fc.record({
  stripe: fc.option(fc.integer({ min: 1, max: 5 }), { nil: undefined }),
  parts: fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 2, maxLength: 5 }),
  from: fc.nat(100),
  length: fc.nat(60),
});

describe('a composite', () => {
  it('has every block of a range at one place of one part, each part without a gap', () => {
    fc.assert(
      fc.property(layouts, ({ stripe, parts, from, length }) => {
        const places = placesOf(stripe, parts);
        const layout = layoutOf(stripe, parts);
        expect(blocksOf(layout)).toBe(places.length);
        const lba = Math.min(from, places.length);
        const range = { lba, blocks: Math.min(length, places.length - lba) };
        const found: string[] = [];
        const runs = runsOf(layout, range);
        expect(new Set(runs.map(({ part }) => part)).size).toBe(runs.length);
        for (const run of runs) {
          let block = run.lba;
          for (const { at, blocks } of piecesOf(layout, run, range)) {
            for (let nth = 0; nth < blocks; nth++) found[at + nth] = `${run.part}:${block++}`;
          }
          expect(block).toBe(run.lba + run.blocks);
        }
        expect(found).toEqual(places.slice(lba, lba + range.blocks));
      }),
    );
  });

  it('takes no longer for a range of 2^32 blocks than for one', () => {
    const layout = layoutOf(8, [2 ** 33, 2 ** 33]);
    expect(runsOf(layout, { lba: 3, blocks: 2 ** 32 - 1 })).toEqual([
      { part: 0, lba: 3, blocks: 2 ** 31 - 1 },
      { part: 1, lba: 0, blocks: 2 ** 31 },
    ]);
  });

  it('gives the client what parts read in its order, in whatever pieces they come', () => {
    fc.assert(
      fc.property(
        layouts,
        fc.array(fc.nat(4), { minLength: 20, maxLength: 20 }),
        fc.integer({ min: 1, max: 9 }),
        ({ stripe, parts, length }, choices, most) => {
          const layout = layoutOf(stripe, parts);
          const range = { lba: 0, blocks: Math.min(length, blocksOf(layout)) };
          const runs = runsOf(layout, range).map((run) => piecesOf(layout, run, range));
          const read = new ReadData(
            runs.map((pieces) => pieces.map(({ at, blocks }) => ({ at, bytes: blocks }))),
          );
          // The byte for each block is its number.
          const left = runs.map((pieces) =>
            pieces.flatMap(({ at, blocks }) =>
              Array.from({ length: blocks }, (_, nth) => at + nth),
            ),
          );
          const got: number[] = [];
          const take = (): void => {
            for (let data = read.take(most); data.length > 0; data = read.take(most)) {
              const bytes = Buffer.concat(data);
              expect(bytes.length).toBeLessThanOrEqual(most);
              got.push(...bytes);
            }
          };
          let turns = 0;
          const chosen = (): number => choices[turns++ % choices.length]!;
          while (left.some((each) => each.length > 0)) {
            const choice = chosen();
            const part =
              left[choice % left.length]!.length > 0
                ? choice % left.length
                : left.findIndex((each) => each.length > 0);
            const data = left[part]!.splice(0, 1 + chosen());
            expect(read.add(part, [Buffer.from(data)])).toBe(true);
            take();
          }
          expect(got).toEqual(Array.from({ length: range.blocks }, (_, at) => at));
          for (const part of runs.keys()) {
            expect(read.isWhole(part)).toBe(true);
            expect(read.add(part, [Buffer.of(0)])).toBe(false);
          }
        },
      ),
    );
  });

  it('answers with the worst of what its parts answer, with its sense', () => {
    const of = (status: number, key?: number) => ({
      ...{ status, hasResidual: false },
      sense: key === undefined ? undefined : ([key, 1, 2] as const),
    });
    const [good, busy, full, conflict] = [of(0), of(8), of(0x28), of(0x18)];
    const [attention, illegal, medium] = [of(2, 6), of(2, 5), of(2, 3)];
    const ranked = [good, busy, full, conflict, attention, illegal, medium];
    for (const [rank, better] of ranked.entries()) {
      for (const worse of ranked.slice(rank)) {
        expect(worseOf(better, worse)).toBe(worse);
        if (better !== worse) expect(worseOf(worse, better)).toBe(worse);
      }
    }
  });
});

describe('the room for data under way', () => {
  it('is never exceeded, given to all in their order, and back when all is over', () => {
    const steps = fc.array(fc.record({ bytes: fc.integer({ min: 1, max: 60 }), ends: fc.nat(9) }), {
      maxLength: 40,
    });
    fc.assert(
      fc.property(steps, (list) => {
        const MAX = 100;
        const budget = new ByteBudget(() => MAX);
        const began: number[] = [];
        const giveBacks: (() => void)[] = [];
        const order: number[] = [];
        for (const [nth, { bytes, ends }] of list.entries()) {
          order.push(nth);
          giveBacks[nth] = budget.take(bytes, () => {
            began.push(nth);
          });
          expect(budget.used).toBeLessThanOrEqual(MAX);
          if (ends < nth) {
            // One that waited may never begin.
            if (!began.includes(ends) && order.includes(ends)) order.splice(order.indexOf(ends), 1);
            giveBacks[ends]?.();
            giveBacks[ends]?.();
          }
          expect(budget.used).toBeLessThanOrEqual(MAX);
          expect(began).toEqual(order.slice(0, began.length));
        }
        for (const giveBack of giveBacks) giveBack();
        expect(budget.used).toBe(0);
      }),
    );
  });

  it('lets in what is more than all of it, alone', () => {
    const budget = new ByteBudget(() => 10);
    const began: string[] = [];
    const small = budget.take(1, () => began.push('small'));
    const giant = budget.take(50, () => began.push('giant'));
    expect(began).toEqual(['small']);
    small();
    expect(began).toEqual(['small', 'giant']);
    budget.take(1, () => began.push('next'));
    expect(began).toEqual(['small', 'giant']);
    giant();
    expect(began).toEqual(['small', 'giant', 'next']);
  });
});
