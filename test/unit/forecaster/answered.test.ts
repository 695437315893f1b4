import { describe, expect, it } from '@jest/globals';
import type { PlannedMove } from '../../../core/plan.js';
import { answeredOverloads } from '../../../forecaster/answered.js';
import { ControlPlane } from '../../support/control-plane.js';
import { s } from '../../support/names.js';

/** For a server that would have been so full. */
function because(move: PlannedMove, before: number, server = 's1'): PlannedMove {
  return { ...move, reason: { ...move.reason, server: s(server), before } };
}

describe('overloads that plans answered', () => {
  it('are one a server and plan, of those that were carried out since', async () => {
    const plane = await ControlPlane.with(['s1', 's2'], { a: 's1@1.5', b: 's1@1.6', c: 's2@1.7' });
    const nowMs = plane.clock.realtimeMs();
    await plane.applied([because(plane.move('a', 's2'), 1.2)], nowMs - 5000);
    const two = [because(plane.move('b', 's2'), 1.1), because(plane.move('a', 's1'), 1.1)];
    await plane.applied(two, nowMs - 1000);
    await plane.applied([because(plane.move('c', 's1'), 1.1, 's2')], nowMs - 1000);
    expect(answeredOverloads(plane.view, -Infinity)).toBe(3);
    expect(answeredOverloads(plane.view, nowMs - 2000)).toBe(2);
  });

  it('are not what was moved for other reasons, or before anything was full', async () => {
    const plane = await ControlPlane.with(['s1', 's2'], { a: 's1@1.5', b: 's1@1.6' });
    const nowMs = plane.clock.realtimeMs();
    await plane.applied([because(plane.move('a', 's2'), 0.9)], nowMs);
    await plane.applied([because(plane.move('b', 's2', 'imbalance'), 1.2)], nowMs);
    expect(answeredOverloads(plane.view, -Infinity)).toBe(0);
  });
});
