import { describe, expect, it } from '@jest/globals';
import { planFor } from '../../../../forecaster/planner/planner.js';
import { inputsOf } from '../../../support/planner/inputs.js';

const SERVER = { capacity: { hits: 1000 } };

describe('planFor', () => {
  it('evens out the loads 100,100 | 150,200 | 300,400 to 400, 450, 400 with two moves', () => {
    const { plan } = planFor(
      inputsOf({
        servers: { s1: SERVER, s2: SERVER, s3: SERVER },
        resources: {
          a: { on: 's1', needs: { hits: 100 } },
          b: { on: 's1', needs: { hits: 100 } },
          c: { on: 's2', needs: { hits: 150 } },
          d: { on: 's2', needs: { hits: 200 } },
          e: { on: 's3', needs: { hits: 300 } },
          f: { on: 's3', needs: { hits: 400 } },
        },
      }),
    );
    expect(plan?.batches.flatMap(({ moves }) => moves)).toHaveLength(2);
    expect(plan?.analysis.outlook.map(({ plan: peak }) => peak)).toEqual([0.4, 0.45, 0.4]);
  });
});
