import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Placements } from '../../../core/placements.js';
import { g, r, s } from '../../support/names.js';

const since = g('1.1');

describe('placements', () => {
  it('are what a map would be after the same changes, and those before stay as they were', () => {
    const change = fc.tuple(fc.nat(200), fc.constantFrom('s1', 's2', undefined));
    const batches = fc.array(fc.array(change, { maxLength: 60 }), { maxLength: 12 });
    fc.assert(
      fc.property(batches, (list) => {
        const map = new Map<string, string>();
        const states: (readonly [Placements, string])[] = [];
        let placements = Placements.empty;
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
          for (const [id, server] of entries) expect(state.get(r(id))?.server).toBe(server);
        }
        expect(placements.get(r('vol-999'))).toBeUndefined();
      }),
      { numRuns: 200 },
    );
  });
});

function textOf(entries: Iterable<readonly [string, string]>): string {
  return JSON.stringify([...entries].sort(([a], [b]) => (a < b ? -1 : 1)));
}
