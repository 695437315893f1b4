import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Placement } from '../../../core/placements.js';
import { Placements } from '../../../core/placements.js';
import { g, r, s } from '../../support/names.js';

const since = g('1.1');

describe('placements', () => {
  it('are what a map would be after the same changes, and those before stay as they were', () => {
    const change = fc.tuple(fc.nat(200), fc.constantFrom('s1', 's2', undefined));
    const batches = fc.array(fc.array(change, { maxLength: 60 }), { maxLength: 12 });
    fc.assert(
      fc.property(batches, fc.constantFrom(0, 1000), (list, others) => {
        const states: (readonly [Placements, string])[] = [];
        const there = Array.from({ length: others }, (_, number) => r(`other-${number}`));
        const map = new Map<string, string>(there.map((resource) => [resource, 's1']));
        const placement = { server: s('s1'), since, standby: null };
        let placements = Placements.empty.with(there.map((resource) => [resource, placement]));
        for (const batch of list) {
          placements = placements.with(
            batch.map(([number, server]) => [
              r(`vol-${number}`),
              server === undefined ? null : { server: s(server), since, standby: null },
            ]),
          );
          for (const [number, server] of batch) {
            if (server === undefined) map.delete(`vol-${number}`);
            else map.set(`vol-${number}`, server);
          }
          states.push([placements, textOf(map.entries())]);
        }
        for (const [state, text] of states) {
          const entries = [...state.entries()].map(([id, { server }]): [string, string] => [
            id,
            server,
          ]);
          expect(textOf(entries)).toBe(text);
          expect(state.size).toBe(entries.length);
          expect(entries.every(([id, server]) => state.get(r(id))?.server === server)).toBe(true);
        }
        expect(placements.get(r('vol-999'))).toBeUndefined();
      }),
      { numRuns: 200 },
    );
  });
  it('know where they differ from those that they were made from', () => {
    const placement = { server: s('s1'), since, standby: null };
    const before = Placements.empty.with([[r('vol-1'), placement]]);
    const after = before.with([
      [r('vol-2'), placement],
      [r('vol-1'), null],
    ]);
    const changed = [...(after.changedSince(before) ?? [])];
    expect(changed.map((row) => after.rows.idOf(row))).toEqual(['vol-2', 'vol-1']);
    expect(changed.map((row) => after.at(row))).toEqual([placement, undefined]);
    expect(changed.map((row) => before.at(row))).toEqual([undefined, placement]);
    expect(after.changedSince(after)).toHaveLength(0);
    expect(before.changedSince(after)).toBeUndefined();
  });

  it('forget the rows of those that are no more, and those before know them still', () => {
    const many = Array.from({ length: 500 }, (_, number) => r(`vol-${number}`));
    const placement = { server: s('s1'), since, standby: null };
    const full = Placements.empty.with(many.map((resource) => [resource, placement]));
    const few = full.with(many.slice(0, 490).map((resource) => [resource, null]));
    const again = few.with(many.slice(0, 100).map((resource) => [resource, placement]));
    expect([full.size, few.size, again.size]).toEqual([500, 10, 110]);
    expect([...few.entries()].map(([id]) => id)).toEqual(many.slice(490));
    expect([...again.entries()].map(([id]) => id)).toEqual([
      ...many.slice(490),
      ...many.slice(0, 100),
    ]);
    expect(many.every((resource) => full.get(resource) === placement)).toBe(true);
  });

  it('that were made from the same ones know nothing of each other', () => {
    const of = (from: number, server: string) =>
      Array.from({ length: 100 }, (_, at): [ReturnType<typeof r>, Placement] => [
        r(`vol-${from + at}`),
        { server: s(server), since, standby: null },
      ]);
    const base = Placements.empty.with(of(0, 's1'));
    const one = base.with(of(100, 's2'));
    const other = base.with(of(150, 's3'));
    expect([one.size, other.size]).toEqual([200, 200]);
    expect(one.get(r('vol-249'))).toBeUndefined();
    expect(one.get(r('vol-160'))?.server).toBe('s2');
    expect(other.get(r('vol-100'))).toBeUndefined();
    expect(other.get(r('vol-160'))?.server).toBe('s3');
    expect([...other.entries()]).toHaveLength(200);
  });
});

function textOf(entries: Iterable<readonly [string, string]>): string {
  return JSON.stringify([...entries].sort(([a], [b]) => (a < b ? -1 : 1)));
}
