import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { AssignmentTable } from '../../../../core/table.js';
import { AssignmentTable as Table } from '../../../../core/table.js';
import { packTable, unpackTable } from '../../../../redirector/workers/packed-table.js';
import { g, r, s, tableOf } from '../../../support/names.js';

/** As a worker sees it. */
function rowsOf(table: AssignmentTable): Record<string, string> {
  return Object.fromEntries(
    [...table.entries()].map(([resource, { server, since }]) => [
      resource,
      `${server} ${since.incarnation}.${since.epoch}`,
    ]),
  );
}

describe('a table on its way to a worker', () => {
  it('is whole at first, then what differs', () => {
    const first = tableOf({ 'vol-1': 's1@1.1', 'vol-2': 's2@1.2' }, '1.10');
    const whole = structuredClone(packTable(first, Table.empty));
    const second = first.with(
      [
        [r('vol-2'), { server: s('s3'), since: g('1.11'), standby: null }],
        [r('vol-1'), null],
      ],
      g('1.11'),
    );
    const changes = structuredClone(packTable(second, first));
    expect(changes.resources).toHaveLength(2);
    const there = unpackTable(changes, unpackTable(whole, Table.empty));
    expect(rowsOf(there)).toEqual(rowsOf(second));
    expect(there.generation).toEqual(second.generation);
  });

  it('arrives as it was sent, whatever was between', () => {
    const change = fc.tuple(
      fc.integer({ min: 0, max: 20 }),
      fc.option(fc.integer({ min: 0, max: 5 })),
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.array(change), fc.boolean())), (steps) => {
        let [table, told, there] = [Table.empty, Table.empty, Table.empty];
        for (const [epoch, [changes, isTold]] of steps.entries()) {
          const generation = { incarnation: 1, epoch };
          table = table.with(
            changes.map(([resource, server]) => [
              r(`vol-${resource}`),
              server === null
                ? null
                : { server: s(`s${server}`), since: generation, standby: null },
            ]),
            generation,
          );
          if (!isTold) continue;
          there = unpackTable(structuredClone(packTable(table, told)), there);
          told = table;
          expect(rowsOf(there)).toEqual(rowsOf(table));
        }
      }),
    );
  });
});
