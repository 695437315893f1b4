import { describe, expect, it } from '@jest/globals';
import type { Mode } from '../../../core/domain.js';
import type { PlannedMove } from '../../../core/plan.js';
import { Draft } from '../../../core/table-store/draft.js';
import { PLAN } from '../../../core/table-store/records/plan.js';
import { SERVER_STATE } from '../../../core/table-store/records/server.js';
import type { RecordOptions } from '../../../forecaster/plan-record.js';
import { expireProposals, recordResult } from '../../../forecaster/plan-record.js';
import type { PlanningResult } from '../../../forecaster/planner/inputs.js';
import { ControlPlane } from '../../support/control-plane.js';
import { r, s } from '../../support/names.js';

const TRIGGER = { kind: 'schedule', detail: 'test' } as const;
const EVERY_MS = 300_000;

const fleet = () => ControlPlane.with(['s1', 's2', 's3'], { a: 's1@1.5', b: 's1@1.6' });

type Result = Pick<PlanningResult, 'plan' | 'standbys' | 'standing'>;

function resultOf(...batches: PlannedMove[][]): Result {
  const plan = { batches: batches.map((moves) => ({ moves })), analysis: null as never };
  return { plan: batches.length === 0 ? null : plan, standbys: {}, standing: {} };
}

/** With everything moved, `b` should go to s2 if it loses its server and `a` to s1; as it stands, `b` to s3. */
function withStandbys(result: Result): Result {
  return {
    ...result,
    standbys: { [r('a')]: s('s1'), [r('b')]: s('s2') },
    standing: { [r('b')]: s('s3') },
  };
}

function options(mode: Mode, more: Partial<RecordOptions> = {}): RecordOptions {
  const rest = { moveAt: 'cheapest', everyMs: EVERY_MS } as const;
  const lives = { planLifeMs: 60_000, proposalLifeMs: 60_000 };
  return { mode, ...lives, isBusy: false, ...rest, ...more };
}

const statuses = (plane: ControlPlane) =>
  [...plane.view.all(PLAN).values()].map(({ value }) => value.status);

describe('a result that makes things better', () => {
  it('waits for an operator in propose', async () => {
    const plane = await fleet();
    const record = await recordResult(
      resultOf([plane.move('a', 's2')]),
      TRIGGER,
      options('propose', { proposalLifeMs: 90_000 }),
      plane,
    );
    expect(record).toMatchObject({ status: 'proposed', by: null });
    expect(record?.plan.states).toEqual({ s1: 'ready', s2: 'ready' });
    expect(record?.plan.expiresAtMs).toBe(plane.clock.realtimeMs() + 90_000);
  });

  it('is approved in auto, and says that nobody was asked', async () => {
    const plane = await fleet();
    const record = await recordResult(
      resultOf([plane.move('a', 's2')]),
      TRIGGER,
      options('auto', { proposalLifeMs: 90_000 }),
      plane,
    );
    expect(record).toMatchObject({ status: 'approved', by: 'foreshift', reason: 'mode auto' });
    expect(record?.plan.expiresAtMs).toBe(plane.clock.realtimeMs() + 60_000);
  });

  it('is not recorded in observe, nor while another plan is under way', async () => {
    const plane = await fleet();
    const result = resultOf([plane.move('a', 's2')]);
    expect(await recordResult(result, TRIGGER, options('observe'), plane)).toBeUndefined();
    const busy = options('auto', { isBusy: true });
    expect(await recordResult(result, TRIGGER, busy, plane)).toBeUndefined();
    expect(statuses(plane)).toEqual([]);
  });

  it('does not replace a plan that waits and says the same', async () => {
    const plane = await fleet();
    const result = resultOf([plane.move('a', 's2'), plane.move('b', 's3')]);
    const first = await recordResult(result, TRIGGER, options('propose'), plane);
    const turned = resultOf([plane.move('b', 's3')], [plane.move('a', 's2')]);
    const second = await recordResult(turned, TRIGGER, options('propose'), plane);
    expect(second?.plan.id).toBe(first?.plan.id);
  });

  it('replaces one that says something else, or that is too old', async () => {
    const plane = await fleet();
    const propose = options('propose');
    await recordResult(resultOf([plane.move('a', 's2')]), TRIGGER, propose, plane);
    await recordResult(resultOf([plane.move('a', 's3')]), TRIGGER, propose, plane);
    expect(statuses(plane)).toEqual(['superseded', 'proposed']);
    await plane.clock.advance(61_000);
    await recordResult(resultOf([plane.move('a', 's3')]), TRIGGER, propose, plane);
    expect(statuses(plane)).toEqual(['superseded', 'superseded', 'proposed']);
  });
});

describe('in auto, moves that are cheaper later', () => {
  /** A move that is cheapest, and has to be made, so many rounds from now. */
  const later = (
    plane: ControlPlane,
    name: string,
    { cheapest, until }: { readonly cheapest: number; readonly until: number },
  ): PlannedMove => {
    const fromMs = plane.clock.realtimeMs();
    const window = {
      fromMs,
      untilMs: fromMs + until * EVERY_MS,
      cheapestMs: fromMs + cheapest * EVERY_MS,
    };
    return { ...plane.move(name, 's2'), window };
  };

  it('wait for that time, and the plan lives as long after it as any', async () => {
    const plane = await fleet();
    const startAtMs = plane.clock.realtimeMs() + 4 * EVERY_MS;
    const move = later(plane, 'a', { cheapest: 4, until: 9 });
    const record = await recordResult(resultOf([move]), TRIGGER, options('auto'), plane);
    expect(record).toMatchObject({
      status: 'approved',
      startAtMs,
      plan: { expiresAtMs: startAtMs + 60_000 },
    });
  });

  it('do not wait where they are to be made at once, by the config, an operator or the limit', async () => {
    const plane = await fleet();
    const startOf = async (move: PlannedMove, rest: Partial<RecordOptions> = {}) => {
      const record = await recordResult(resultOf([move]), TRIGGER, options('auto', rest), plane);
      return record?.startAtMs;
    };
    const move = later(plane, 'a', { cheapest: 4, until: 9 });
    expect(await startOf(move, { moveAt: 'once' })).toBeNull();
    expect(await startOf(later(plane, 'a', { cheapest: 1, until: 2 }))).toBeNull();
    expect(await startOf(later(plane, 'a', { cheapest: 2, until: 3 }))).not.toBeNull();
    const proposed = await recordResult(resultOf([move]), TRIGGER, options('propose'), plane);
    expect(proposed).toMatchObject({ status: 'proposed', startAtMs: null });
  });

  it('go in the order of the batches: what is due takes with it what it rests on, the rest comes later', async () => {
    const plane = await fleet();
    const first = later(plane, 'a', { cheapest: 6, until: 9 });
    const due = later(plane, 'b', { cheapest: 3, until: 9 });
    const last = { ...later(plane, 'b', { cheapest: 8, until: 9 }), resource: r('c') };
    const record = await recordResult(
      resultOf([first], [due], [last]),
      TRIGGER,
      options('auto'),
      plane,
    );
    expect(record?.plan.batches.map(({ moves }) => moves[0]?.resource)).toEqual(['a', 'b']);
    expect(record?.startAtMs).toBe(plane.clock.realtimeMs() + 3 * EVERY_MS);
  });

  it('keep their time while they are the same, though the horizon goes on', async () => {
    const plane = await fleet();
    const auto = options('auto');
    const move = later(plane, 'a', { cheapest: 4, until: 9 });
    const first = await recordResult(resultOf([move]), TRIGGER, auto, plane);
    await plane.clock.advance(EVERY_MS);
    const same = later(plane, 'a', { cheapest: 4, until: 9 });
    expect(await recordResult(resultOf([same]), TRIGGER, auto, plane)).toEqual(first);
    const more = later(plane, 'b', { cheapest: 6, until: 9 });
    expect(await recordResult(resultOf([same], [more]), TRIGGER, auto, plane)).toEqual(first);
    const sooner = later(plane, 'a', { cheapest: 2.5, until: 9 });
    const second = await recordResult(resultOf([sooner]), TRIGGER, auto, plane);
    expect(second?.startAtMs).toBe(plane.clock.realtimeMs() + 2.5 * EVERY_MS);
    expect(statuses(plane)).toEqual(['superseded', 'approved']);
  });

  it.each<[string, readonly string[], RecordOptions]>([
    ['nothing is to be moved any more', [], options('auto')],
    ['something else is', ['b'], options('auto')],
    ['the mode is another', ['a'], options('propose')],
    ['another plan is under way', ['a'], options('auto', { isBusy: true })],
  ])('are given up where %s', async (_what, wanted, after) => {
    const plane = await fleet();
    const moving = (names: readonly string[]) =>
      resultOf(...names.map((name) => [later(plane, name, { cheapest: 4, until: 9 })]));
    await recordResult(moving(['a']), TRIGGER, options('auto'), plane);
    await recordResult(moving(wanted), TRIGGER, after, plane);
    expect(statuses(plane)[0]).toBe('superseded');
  });

  it('are not given up once they have begun', async () => {
    const plane = await fleet();
    const result = resultOf([later(plane, 'a', { cheapest: 4, until: 9 })]);
    await recordResult(result, TRIGGER, options('auto'), plane);
    await plane.clock.advance(4 * EVERY_MS);
    const busy = options('auto', { isBusy: true });
    expect(await recordResult(resultOf(), TRIGGER, busy, plane)).toBeUndefined();
    expect(statuses(plane)).toEqual(['approved']);
  });
});

describe('what is needed', () => {
  it.each(['observe', 'propose', 'auto'] as const)('is approved at once in %s', async (mode) => {
    const plane = await fleet();
    const place = { ...plane.move('new', 's2', 'place') };
    const record = await recordResult(resultOf([place]), TRIGGER, options(mode), plane);
    expect(record).toMatchObject({ status: 'approved', reason: 'it is needed' });
  });

  it('goes alone: what only makes things better is planned again after it', async () => {
    const plane = await fleet();
    const state = { state: 'draining', by: 'ann', reason: '', sinceMs: 0 } as const;
    await plane.write(new Draft().put(SERVER_STATE, s('s1'), state));
    const result = resultOf([plane.move('b', 's3')], [plane.move('a', 's2', 'drain')]);
    const record = await recordResult(result, TRIGGER, options('propose'), plane);
    expect(record?.plan.batches.flatMap(({ moves }) => moves.map((move) => move.resource))).toEqual(
      ['a'],
    );
  });

  it('is not a move off a server that merely is no longer announced', async () => {
    const plane = await fleet();
    const result = resultOf([plane.move('a', 's2', 'drain')]);
    const record = await recordResult(result, TRIGGER, options('propose'), plane);
    expect(record?.status).toBe('proposed');
  });

  it('is nothing when nothing changes', async () => {
    const plane = await fleet();
    expect(await recordResult(resultOf(), TRIGGER, options('auto'), plane)).toBeUndefined();
  });
});

describe('standbys', () => {
  const kept = (plane: ControlPlane) =>
    [...plane.view.all(PLAN).values()].map(({ value: { status, plan } }) => [
      status,
      plan.batches.flatMap(({ moves }) => moves.map(({ resource }) => resource)).join(),
      plan.standbys,
    ]);
  const stored = ['approved', '', { b: 's3' }];

  async function end(plane: ControlPlane): Promise<void> {
    const draft = new Draft();
    for (const [id, { value }] of plane.view.all(PLAN)) {
      if (value.status !== 'approved' || value.plan.batches.length > 0) continue;
      draft.put(PLAN, id, { ...value, status: 'applied', finishedAtMs: 0 });
    }
    await plane.write(draft);
  }

  it('are recorded when nothing is moved', async () => {
    const plane = await fleet();
    const record = await recordResult(withStandbys(resultOf()), TRIGGER, options('propose'), plane);
    expect(record).toMatchObject({ status: 'approved', by: 'foreshift' });
    expect(kept(plane)).toEqual([stored]);
  });

  it('are those of where everything stands, while an improvement is not even proposed', async () => {
    const plane = await fleet();
    const result = withStandbys(resultOf([plane.move('a', 's2')]));
    await recordResult(result, TRIGGER, options('observe'), plane);
    expect(kept(plane)).toEqual([stored]);
  });

  it('are those of where everything stands, beside a proposal, which keeps its number', async () => {
    const plane = await fleet();
    const first = resultOf([plane.move('a', 's2')]);
    const proposed = await recordResult(first, TRIGGER, options('propose'), plane);
    const again = await recordResult(withStandbys(first), TRIGGER, options('propose'), plane);
    expect(again?.plan.id).toBe(proposed?.plan.id);
    expect(kept(plane)).toEqual([['proposed', 'a', {}], stored]);
  });

  it('are those of where everything stands, while our own plan waits for its time', async () => {
    const plane = await fleet();
    const fromMs = plane.clock.realtimeMs();
    const [cheapestMs, untilMs] = [fromMs + 4 * EVERY_MS, fromMs + 9 * EVERY_MS];
    const window = { fromMs, cheapestMs, untilMs };
    const result = resultOf([{ ...plane.move('a', 's2'), window }]);
    const whole = { a: 's1', b: 's2' };
    await recordResult(withStandbys(result), TRIGGER, options('auto'), plane);
    expect(kept(plane)).toEqual([stored, ['approved', 'a', whole]]);
    await end(plane);
    await recordResult(result, TRIGGER, options('auto'), plane);
    const others = { ...result, standing: { [r('b')]: null } };
    await recordResult(others, TRIGGER, options('auto'), plane);
    expect(kept(plane)).toEqual([
      ['approved', 'a', whole],
      ['approved', '', { b: null }],
    ]);
  });

  it('are those of the plan, where all of it is carried out at once', async () => {
    const plane = await fleet();
    const result = withStandbys(resultOf([plane.move('a', 's2')]));
    await recordResult(result, TRIGGER, options('auto'), plane);
    expect(kept(plane)).toEqual([['approved', 'a', { a: 's1', b: 's2' }]]);
  });

  it('of what else would be moved are not taken for true, where a plan is begun in part', async () => {
    const plane = await fleet();
    const fromMs = plane.clock.realtimeMs();
    const window = { fromMs, cheapestMs: fromMs + 4 * EVERY_MS, untilMs: fromMs + 9 * EVERY_MS };
    const later = { ...plane.move('b', 's3'), window };
    const result = withStandbys(resultOf([plane.move('a', 's2')], [later]));
    await recordResult(result, TRIGGER, options('auto'), plane);
    expect(kept(plane)).toEqual([stored, ['approved', 'a', { a: 's1' }]]);
  });

  it('of what is needed are those of where everything stands after it', async () => {
    const plane = await fleet();
    const needed = plane.move('new', 's2', 'place');
    const result = withStandbys(resultOf([needed], [plane.move('a', 's2')]));
    await recordResult(result, TRIGGER, options('auto'), plane);
    expect(kept(plane)).toEqual([['approved', 'new', { b: 's3' }]]);
  });

  it('are recorded once until they are stored, and former ones are forgotten', async () => {
    const plane = await fleet();
    const result = withStandbys(resultOf());
    for (let round = 0; round < 3; round++) {
      await recordResult(result, TRIGGER, options('observe'), plane);
    }
    expect(kept(plane)).toEqual([stored]);
    await end(plane);
    const next = await recordResult(result, TRIGGER, options('observe'), plane);
    expect(kept(plane)).toEqual([stored]);
    expect(next?.plan.id).toBe('2');
  });

  it('wait while something is moved', async () => {
    const plane = await fleet();
    for (const result of [resultOf(), resultOf([plane.move('a', 's2')])]) {
      const busy = options('auto', { isBusy: true });
      expect(await recordResult(withStandbys(result), TRIGGER, busy, plane)).toBeUndefined();
    }
  });
});

describe('a plan that waits', () => {
  it('expires when its time has passed, not before', async () => {
    const plane = await fleet();
    await recordResult(resultOf([plane.move('a', 's2')]), TRIGGER, options('propose'), plane);
    await plane.clock.advance(60_000);
    await expireProposals(plane);
    expect(statuses(plane)).toEqual(['proposed']);
    await plane.clock.advance(1);
    await expireProposals(plane);
    expect(statuses(plane)).toEqual(['expired']);
  });
});
