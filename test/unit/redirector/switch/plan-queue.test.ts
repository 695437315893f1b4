import { beforeEach, describe, expect, it } from '@jest/globals';
import { Draft } from '../../../../core/table-store/draft.js';
import type { BatchOutcome, PlanRecord } from '../../../../core/table-store/records/plan.js';
import { PAUSE, PLAN } from '../../../../core/table-store/records/plan.js';
import type { PlannedMove } from '../../../../core/plan.js';
import { duePlans, nextWork } from '../../../../redirector/switch/plan-queue.js';
import { ControlPlane } from '../../../support/control-plane.js';
import { p, s } from '../../../support/names.js';

const NOW_MS = 1_700_000_000_000;
const OPTIONS = { batchAttemptsMax: 2, batchRetryMs: 1000 };

let plane: ControlPlane;

beforeEach(async () => {
  plane = await ControlPlane.with(['s1', 's2'], { a: 's1@1.1', b: 's1@1.2', c: 's2@1.3' });
});

async function plan(
  id: string,
  moves: readonly PlannedMove[],
  change: Partial<PlanRecord> = {},
): Promise<void> {
  const record: PlanRecord = {
    plan: {
      id: p(id),
      trigger: { kind: 'forecast', detail: 'test' },
      madeAtMs: NOW_MS,
      expiresAtMs: NOW_MS + 60_000,
      base: plane.view.table.generation,
      states: { [s('s1')]: 'ready', [s('s2')]: 'ready' },
      batches: moves.map((move) => ({ moves: [move] })),
      standbys: {},
      analysis: null,
    },
    status: 'approved',
    by: 'ann',
    reason: '',
    decidedAtMs: NOW_MS,
    startAtMs: null,
    outcomes: [],
    finishedAtMs: null,
    ...change,
  };
  await plane.write(new Draft().put(PLAN, p(id), record));
}

function outcome(batch: number, result: BatchOutcome['result'], attempts = 1): BatchOutcome {
  return {
    batch,
    result,
    why: '',
    attempts,
    resources: [],
    generation: null,
    atMs: NOW_MS,
    drainMs: 0,
    holdMs: 0,
    heldRequests: 0,
    failedRequests: 0,
  };
}

const due = (nowMs = NOW_MS): string[] =>
  duePlans(plane.view, nowMs).map((record) => record.plan.id);
const work = (nowMs = NOW_MS) => nextWork(plane.view, nowMs, OPTIONS);

describe('the queue of plans', () => {
  it('waits for the time that an operator set', async () => {
    await plan('1', [plane.move('a', 's2')], { startAtMs: NOW_MS + 1000 });
    expect(due(NOW_MS + 999)).toEqual([]);
    expect(work(NOW_MS + 999)).toEqual({ kind: 'none' });
    expect(due(NOW_MS + 1000)).toEqual(['1']);
  });

  it('takes the lost first, then what is under way, then as they were decided', async () => {
    await plan('1', [plane.move('a', 's2')], { decidedAtMs: NOW_MS + 2 });
    await plan('2', [plane.move('a', 's2')], { decidedAtMs: NOW_MS + 1 });
    await plan('3', [plane.move('b', 's2')], { status: 'applying', decidedAtMs: NOW_MS + 3 });
    await plan('4', [plane.move('c', 's1', 'lost')], { decidedAtMs: NOW_MS + 4 });
    await plan('5', [plane.move('c', 's1')], { status: 'proposed' });
    expect(due()).toEqual(['4', '3', '2', '1']);
  });

  it('stops at a pause what is not needed at once', async () => {
    await plan('1', [plane.move('a', 's2')]);
    await plan('2', [plane.move('b', 's2', 'pin')]);
    await plane.write(new Draft().put(PAUSE, 'current', { by: 'ann', reason: '', sinceMs: 0 }));
    expect(due()).toEqual(['2']);
  });

  it('goes on with the next batch, tries one again after a pause, and gives it up', async () => {
    const moves = [plane.move('a', 's2'), plane.move('b', 's2')];
    await plan('1', moves);
    expect(work()).toMatchObject({ kind: 'batch', batch: 0 });
    await plan('1', moves, { outcomes: [outcome(0, 'aborted')] });
    expect(work()).toMatchObject({ kind: 'batch', batch: 1 });
    await plan('1', moves, { outcomes: [outcome(0, 'aborted'), outcome(1, 'applied')] });
    expect(work(NOW_MS + 999)).toEqual({ kind: 'none' });
    expect(work(NOW_MS + 1000)).toMatchObject({ kind: 'batch', batch: 0 });
    // A clock that was set back makes the pause no longer.
    expect(work(NOW_MS - 3_600_000)).toMatchObject({ kind: 'batch', batch: 0 });
    await plan('1', moves, { outcomes: [outcome(0, 'aborted', 2), outcome(1, 'applied')] });
    expect(work()).toMatchObject({ kind: 'finish', status: 'partly-applied' });
  });

  it.each([
    [['applied', 'applied'], 'applied'],
    [['applied', 'stale'], 'partly-applied'],
    [['stale', 'stale'], 'stale'],
  ] as const)('ends a plan whose batches were %j as %s', async (results, status) => {
    const outcomes = results.map((result, batch) => outcome(batch, result));
    await plan('1', [plane.move('a', 's2'), plane.move('b', 's2')], { outcomes });
    expect(work()).toMatchObject({ kind: 'finish', status });
  });

  it('voids what is too old, and what others have changed', async () => {
    await plan('1', [plane.move('a', 's2')]);
    expect(work(NOW_MS + 60_001)).toMatchObject({ kind: 'void', why: 'the plan is too old' });
    await plan('1', [plane.move('a', 's1')]);
    expect(work()).toMatchObject({ kind: 'void', why: 'a is moved to where it is' });
  });
});
