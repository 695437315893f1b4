import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { FORWARD_STATES } from '../../core/table-store/records/switch.js';
import type { Cell, CellResult } from '../rig/kill-matrix.js';
import { ACTORS, CELLS, KillMatrix } from '../rig/kill-matrix.js';
import { describeWith } from '../support/installed.js';

/*
 * Some cells of the matrix of faults, few of them kills: `.ci/run` goes through all of those, and the whole is
 * `npm run long -- kill-matrix --from 1 --to 280 --out FILE.jsonl`.
 */

const HERE: readonly Cell[] = [
  { state: 'held', actor: 'coordinator', fault: 'kill' },
  { state: 'released', actor: 'source', fault: 'kill' },
  { state: 'prepared', actor: 'target', fault: 'kill' },
  { state: 'drained', actor: 'source', fault: 'stop-2' },
  { state: 'released', actor: 'redirector', fault: 'stop-2' },
  { state: 'released', actor: 'coordinator', fault: 'stop-10' },
  { state: 'released', actor: 'target', fault: 'drop' },
  { state: 'committed', actor: 'redis', fault: 'drop' },
  { state: 'attached', actor: 'redirector', fault: 'reset' },
];

const title = ({ state, actor, fault }: Cell): string => `${fault} ${actor} when ${state}`;

describeWith('influxd')('a switch under faults', () => {
  let matrix: KillMatrix;
  const results: CellResult[] = [];

  beforeAll(async () => {
    matrix = await KillMatrix.start();
  });

  afterAll(async () => {
    await matrix.stop();
  });

  it('has a cell for each state, part and fault', () => {
    expect(CELLS).toHaveLength(FORWARD_STATES.length * ACTORS.length * 5);
    expect(new Set(CELLS.map(title)).size).toBe(CELLS.length);
  });

  it.each(HERE.map((cell) => [title(cell), cell] as const))(
    '%s: nothing is lost, doubled or out of order, and all is as before soon',
    async (_, cell) => {
      const result = await matrix.run(cell, 1 + CELLS.indexOf(cell));
      results.push(result);
      expect(result.failure).toBeUndefined();
      expect(result.answered).toBeGreaterThan(0);
    },
    180_000,
  );

  it('struck switches that went on, and some that did not', () => {
    const ends = new Set(results.map(({ plan }) => plan));
    expect(ends).toContain('applied');
    expect(ends.size).toBeGreaterThan(1);
  });
});
