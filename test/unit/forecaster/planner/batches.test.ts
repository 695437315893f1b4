import { describe, expect, it } from '@jest/globals';
import type { Reason } from '../../../../core/plan.js';
import type { ReasonedShift, Sequence } from '../../../../forecaster/planner/batches.js';
import { sequence } from '../../../../forecaster/planner/batches.js';
import { NOWHERE } from '../../../../forecaster/planner/problem.js';
import { translateUnpriced } from '../../../../forecaster/planner/translation.js';
import { inputsOf } from '../../../support/planner/inputs.js';

const PLACE: Reason = {
  kind: 'place',
  server: null,
  dimension: null,
  atMs: null,
  before: null,
  after: null,
  limit: null,
};
const BATCH_MAX = 50;

/** First placements, all at one server; and how often the reason of one was looked at. */
function placed(count: number): { readonly found: Sequence; readonly looks: number } {
  const resource = { needs: { hits: 1 } };
  const names = Array.from({ length: count }, (_hole, at) => `r${String(at).padStart(5, '0')}`);
  const { problem } = translateUnpriced(
    inputsOf({
      servers: { s1: { capacity: { hits: 2 * count } } },
      resources: Object.fromEntries(names.map((name) => [name, resource])),
      options: { unservedBatchMovesMax: BATCH_MAX },
    }),
  );
  let looks = 0;
  const shifts = names.map((_name, at): ReasonedShift => ({
    resource: at,
    source: NOWHERE,
    target: 0,
    get reason() {
      looks += 1;
      return PLACE;
    },
  }));
  return { found: sequence(problem, shifts, new Int32Array(count)), looks };
}

describe('the sequence of batches', () => {
  it('takes what nobody serves in large batches, in order', () => {
    const { found } = placed(120);
    const sizes = found.batches.map((batch) => batch.length);
    expect(sizes).toEqual([BATCH_MAX, BATCH_MAX, 20]);
    const order = found.batches.flat().map(({ resource }) => resource);
    expect(order).toEqual([...order.keys()]);
    expect(found.left).toEqual([]);
  });

  it('does not look at each of very many for each that is in a batch already', () => {
    const count = 2000;
    const { found, looks } = placed(count);
    expect(found.batches).toHaveLength(count / BATCH_MAX);
    expect(looks / count).toBeLessThan(10 * BATCH_MAX);
  });
});
