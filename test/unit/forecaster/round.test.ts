import { describe, expect, it } from '@jest/globals';
import type { Progress } from '../../../core/bus/port.js';
import { configSchema } from '../../../core/config/schema.js';
import { fail } from '../../../core/errors.js';
import { pathOf } from '../../../core/forecast.js';
import type { Grid } from '../../../core/panel.js';
import { Draft } from '../../../core/table-store/draft.js';
import { recordPlan } from '../../../core/table-store/plans.js';
import { PAUSE, PLAN, ROUND } from '../../../core/table-store/records/plan.js';
import { LOST } from '../../../core/table-store/records/server.js';
import { PLACEMENT } from '../../../core/table-store/records/table.js';
import { HeardLog } from '../../support/heard-log.js';
import { r, s } from '../../support/names.js';
import { RESOURCES, STEP_MS, roundWorld } from '../../support/round-world.js';

const TRIGGER = { kind: 'schedule', detail: 'every 5 min' } as const;
const LOSS = { kind: 'event', detail: 's1 is lost' } as const;

/** One of the four is on its way when s1 is lost; `planned`: how often it was planned since. */
async function withLoss(options: Parameters<typeof roundWorld>[0] = {}) {
  const parts = await roundWorld({ movesMax: 1, ...options });
  const { plane, round, analysis } = parts;
  await round.run(TRIGGER);
  let plans = 0;
  const plan = analysis.plan.bind(analysis);
  analysis.plan = (inputs) => {
    plans += 1;
    return plan(inputs);
  };
  const loss = { loss: '1', evidence: 'dead', how: 'a test', sinceMs: 0 } as const;
  await plane.write(new Draft().put(LOST, s('s1'), loss));
  return { ...parts, planned: () => plans };
}

/** Has every move found cheaper four steps from now. */
function waitingIsCheaper({ analysis, plane }: Awaited<ReturnType<typeof roundWorld>>): void {
  const fromMs = plane.clock.realtimeMs();
  const window = { fromMs, untilMs: fromMs + 9 * STEP_MS, cheapestMs: fromMs + 4 * STEP_MS };
  const plan = analysis.plan.bind(analysis);
  analysis.plan = async (inputs) => {
    const result = await plan(inputs);
    for (const batch of result.plan?.batches ?? []) {
      batch.moves = batch.moves.map((move) => ({ ...move, window }));
    }
    return result;
  };
}

describe('a round', () => {
  it('forecasts, plans, approves in auto, and says so', async () => {
    const { plane, round, metricStore } = await roundWorld();
    const result = await round.run(TRIGGER);
    expect(result.none).toBeNull();
    const record = plane.view.get(PLAN, result.plan ?? ('' as never))?.value;
    expect(record?.status).toBe('approved');
    expect(record?.plan.batches.flatMap(({ moves }) => moves)).toHaveLength(2);
    expect(result.trigger.kind).toBe('forecast');
    expect(plane.view.get(ROUND, 'last')?.value).toEqual(result);
    const latest = await metricStore.latestForecast();
    const series = new Set(latest?.block.series.map(({ id }) => id));
    expect([...series].sort()).toEqual([...RESOURCES, 's1']);
    // Two hundred minutes are known: no day twice.
    expect([latest?.stepsKnown, record?.plan.analysis?.quantile]).toEqual([40, 0.95]);
  });

  it('plans for the safe default once a day is known twice', async () => {
    const { plane, round } = await roundWorld({ steps: 576 });
    const { plan } = await round.run(TRIGGER);
    const record = plane.view.get(PLAN, plan ?? ('' as never))?.value;
    expect(record?.plan.analysis?.quantile).toBe(0.85);
  });

  it('says what it is about to do, and what came of it', async () => {
    const { round } = await roundWorld();
    const said: Progress[] = [];
    const { plan } = await round.run(TRIGGER, { progress: (report) => said.push(report) });
    expect(said.map(({ phase, done }) => [phase, done])).toEqual([
      ['reading', 0],
      ['forecasting', 1],
      ['planning', 2],
      ['recording', 3],
      ['done', 4],
    ]);
    expect(said.map(({ total }) => total)).toEqual([4, 4, 4, 4, 4]);
    expect(said.at(-1)?.message).toBe(`plan ${plan ?? ''}`);
  });

  it('leaves a plan to an operator in propose, and proposes the same one once', async () => {
    const { plane, round } = await roundWorld({ mode: 'propose' });
    const first = await round.run(TRIGGER);
    const second = await round.run(TRIGGER);
    expect(second.plan).toBe(first.plan);
    expect(plane.view.get(PLAN, first.plan ?? ('' as never))?.value.status).toBe('proposed');
  });

  it('records nothing in observe, and says that something could be done', async () => {
    const { plane, round } = await roundWorld({ mode: 'observe' });
    expect((await round.run(TRIGGER)).none?.why).toBe('observing');
    expect(plane.view.all(PLAN).size).toBe(0);
  });

  it.each([
    ['auto', 0.2, 'balanced'],
    ['observe', undefined, 'observing'],
  ] as const)(
    'says why nothing is moved, where its plan only names standbys, in %s',
    async (mode, load, why) => {
      const { plane, round } = await roundWorld({ mode, ...(load !== undefined && { load }) });
      const draft = new Draft();
      for (const [id, { value }] of plane.view.all(PLACEMENT)) {
        draft.put(PLACEMENT, id, { ...value, standby: null });
      }
      await plane.write(draft);
      const result = await round.run(TRIGGER);
      const plans = [...plane.view.all(PLAN).values()].map(({ value }) => value.plan);
      expect(
        plans.map(({ batches, standbys }) => [batches.length, Object.keys(standbys).length]),
      ).toEqual([[0, RESOURCES.length]]);
      expect(result.plan).toBeNull();
      expect(result.none?.why).toBe(why);
    },
  );

  it('waits for the plan before it', async () => {
    const { plane, round } = await roundWorld({ movesMax: 1 });
    await round.run(TRIGGER);
    expect((await round.run(TRIGGER)).none?.why).toBe('busy');
    expect(plane.view.all(PLAN).size).toBe(1);
  });

  it.each([
    ['foreshift', null, ['superseded', 'approved']],
    ['ann', 'busy', ['approved']],
  ])(
    'thinks a plan over that %s approved for later, or waits for it',
    async (by, why, statuses) => {
      const { plane, round } = await roundWorld();
      const nowMs = plane.clock.realtimeMs();
      await recordPlan(
        {
          trigger: TRIGGER,
          madeAtMs: nowMs,
          expiresAtMs: nowMs + 10 * STEP_MS,
          base: plane.view.table.generation,
          states: { [s('s1')]: 'ready', [s('s2')]: 'ready' },
          batches: [{ moves: [plane.move('a', 's2')] }],
          standbys: {},
          analysis: null,
        },
        { by, reason: '', startAtMs: nowMs + 5 * STEP_MS },
        plane,
      );
      expect((await round.run(TRIGGER)).none?.why ?? null).toBe(why);
      const records = [...plane.view.all(PLAN).values()];
      expect(records.map(({ value }) => value.status)).toEqual(statuses);
    },
  );

  it('makes a plan at its cheapest moment, or at once if the config says so', async () => {
    for (const moveAt of ['cheapest', 'once'] as const) {
      const world = await roundWorld({ moveAt });
      const { plane, round } = world;
      const nowMs = plane.clock.realtimeMs();
      waitingIsCheaper(world);
      const { plan: id } = await round.run(TRIGGER);
      const record = plane.view.get(PLAN, id ?? ('' as never))?.value;
      expect(record?.startAtMs).toBe(moveAt === 'once' ? null : nowMs + 4 * STEP_MS);
    }
  });

  it.each([
    ['learning', 10, false],
    ['paused', 40, true],
  ] as const)('moves nothing while it is %s', async (why, steps, isPaused) => {
    const { plane, round } = await roundWorld({ steps });
    if (isPaused) {
      await plane.write(
        new Draft().put(PAUSE, 'current', { by: 'ann', reason: 'a test', sinceMs: 0 }),
      );
    }
    expect((await round.run(TRIGGER)).none?.why).toBe(why);
  });

  it('moves nothing for load while nothing is measured, and does not take that for idleness', async () => {
    const { plane, round } = await roundWorld();
    await plane.clock.advance(2 * STEP_MS);
    expect((await round.run(TRIGGER)).none).toBeNull();
    const silent = await roundWorld();
    await silent.plane.clock.advance(3 * STEP_MS);
    expect((await silent.round.run(TRIGGER)).none).toMatchObject({ why: 'unmeasured', steps: 3 });
    await silent.measure(1);
    expect((await silent.round.run(TRIGGER)).none).toBeNull();
  });

  it('gives what has no server one, for all that nothing is measured', async () => {
    const { plane, round } = await roundWorld();
    await plane.clock.advance(5 * STEP_MS);
    await plane.write(new Draft().remove(PLACEMENT, 'a' as never));
    const { plan } = await round.run(TRIGGER);
    const record = plane.view.get(PLAN, plan ?? ('' as never))?.value;
    expect(record?.plan.batches.flatMap(({ moves }) => moves)).toMatchObject([{ resource: 'a' }]);
  });

  it('reads its history once, and then only what is new', async () => {
    const { round, read, measure } = await roundWorld();
    await round.run(TRIGGER);
    const first = Math.max(...read.splice(0));
    await measure(2);
    await round.run(TRIGGER);
    expect(first).toBe(configSchema.parse({}).forecast.historySteps);
    expect(read).toContain(2);
    expect(Math.max(...read)).toBeLessThan(20);
  });

  it('reads the history of a large fleet in parts that any store makes, and knows all of it', async () => {
    const resources = Array.from({ length: 5000 }, (_hole, at) => r(`vol-${at}`));
    const { round, metricStore } = await roundWorld({ resources, load: 0.001, steps: 2 });
    const sizes: number[] = [];
    const readPanel = metricStore.readPanel.bind(metricStore);
    metricStore.readPanel = (query) => {
      sizes.push(query.series.length * query.steps);
      return readPanel(query);
    };
    await round.run(TRIGGER);
    // 5,000 × 2,016 values are more than one part.
    expect(Math.max(...sizes)).toBeLessThanOrEqual(10_000_000);
    const { block } = (await metricStore.latestForecast()) ?? {};
    const known = block?.series.flatMap(({ subject }, row) =>
      subject === 'resource' && (pathOf(block, row, 0.5)[0] ?? 0) > 0.0009 ? [row] : [],
    );
    expect(known).toHaveLength(5000);
  });

  it('reads its history again when the analysis lost what it knew', async () => {
    const { round, analysis, read, measure } = await roundWorld();
    await round.run(TRIGGER);
    await measure(1);
    const observe = analysis.observe.bind(analysis);
    analysis.observe = () => fail('ERR_STORE_UNAVAILABLE', { store: 'analysis', why: 'a test' });
    await expect(round.run(TRIGGER)).rejects.toThrow();
    analysis.observe = observe;
    read.length = 0;
    await round.run(TRIGGER);
    expect(Math.max(...read)).toBe(configSchema.parse({}).forecast.historySteps);
  });

  it('goes on without what could not be attributed, and says so once', async () => {
    const log = new HeardLog();
    const { round, measure, attributor } = await roundWorld({ log });
    attributor.attribute = () => fail('ERR_LIMIT_REACHED', { limit: 1, what: 'series' });
    for (let rounds = 0; rounds < 3; rounds++) {
      expect((await round.run(TRIGGER)).none?.why).not.toBe('learning');
      await measure(1);
    }
    attributor.attribute = () => Promise.resolve();
    await round.run(TRIGGER);
    const said = log.lines.filter((line) => line.includes('attributed'));
    expect(said).toEqual(['error cpu not attributed', 'info cpu attributed again']);
  });

  it('begins with the same steps again if the store was away when they were attributed', async () => {
    const { round, attributor } = await roundWorld();
    const attributed: Grid[] = [];
    attributor.attribute = (grid) => {
      attributed.push(grid);
      if (attributed.length === 1) fail('ERR_STORE_UNAVAILABLE', { store: 'a test' });
      return Promise.resolve();
    };
    await expect(round.run(TRIGGER)).rejects.toMatchObject({ code: 'ERR_STORE_UNAVAILABLE' });
    await round.run(TRIGGER);
    expect(attributed[1]).toEqual(attributed[0]);
  });

  it('plans at once, by the last forecast, when it is to be quick and that is no older than a round', async () => {
    const { round, analysis, measure } = await roundWorld();
    await round.run(TRIGGER);
    let forecasts = 0;
    const forecast = analysis.forecast.bind(analysis);
    analysis.forecast = (series) => {
      forecasts += 1;
      return forecast(series);
    };
    const event = { kind: 'event', detail: 's2 drains' } as const;
    const quick = async () => {
      await round.run(event, { isQuick: true });
      return forecasts;
    };
    expect(await quick()).toBe(0);
    await round.run(TRIGGER);
    expect(forecasts).toBe(1);
    await measure(1);
    expect(await quick()).toBe(1);
    await measure(1);
    expect(await quick()).toBe(2);
    expect(await quick()).toBe(2);
  });

  it('says which metrics of a fleet are not what was forecast', async () => {
    const resources = Array.from({ length: 20 }, (_hole, at) => r(`vol-${at}`));
    const { plane, round, measure } = await roundWorld({ resources, load: 0.01 });
    expect((await round.run(TRIGGER)).disproved).toEqual([]);
    await measure(1, 0.02);
    await round.run(TRIGGER, { isQuick: true });
    const [said, ...others] = plane.view.get(ROUND, 'last')?.value.disproved ?? [];
    expect([said?.metric, others]).toEqual(['cpu', []]);
    expect(said?.factor).toBeCloseTo(2, 1);
  });

  it('gives what a lost server had to others at once, then plans by what came of it', async () => {
    const { plane, round, planned } = await withLoss({ load: 0.9 });
    const first = await round.run(LOSS, { isQuick: true });
    expect(planned()).toBe(0);
    const record = plane.view.get(PLAN, first.plan ?? ('' as never))?.value;
    expect(record).toMatchObject({ status: 'approved', plan: { trigger: LOSS, analysis: null } });
    const moves = record?.plan.batches.flatMap((batch) => batch.moves) ?? [];
    // One of the four was on its way already.
    expect(moves.map(({ target, reason }) => [target, reason.kind])).toEqual(
      moves.map(() => ['s2', 'lost']),
    );
    expect(moves).toHaveLength(3);
    expect(plane.view.get(ROUND, 'last')?.value).toEqual(first);
    await round.run(LOSS, { isQuick: true });
    expect(planned()).toBe(1);
  });

  it('goes on to plan where not all that was lost finds room', async () => {
    const { plane, round, planned } = await withLoss();
    await round.run(LOSS, { isQuick: true });
    expect(planned()).toBe(1);
    const moved = [...plane.view.all(PLAN).values()]
      .flatMap(({ value }) => value.plan.batches)
      .flatMap((batch) => batch.moves);
    expect(moved.map(({ resource }) => resource).sort()).toEqual(RESOURCES);
  });
});

describe('a round that is to make the servers even', () => {
  const REBALANCE = { kind: 'rebalance', detail: 'to make the servers even' } as const;
  const REST_MS = 43_200_000;

  /** Everything is on s1, which is loaded by two fifths, and nothing on s2. */
  const uneven = ({ written = {}, ...options }: Parameters<typeof roundWorld>[0] = {}) =>
    roundWorld({
      ...{ load: 0.4, ...options },
      written: { triggers: { rebalance: { cron: '0 3 * * 0' } }, ...written },
    });

  const plansOf = ({ plane }: Awaited<ReturnType<typeof roundWorld>>) =>
    [...plane.view.all(PLAN).values()].map(({ value }) => value);

  it.each([
    ['while no server is loaded', {}],
    ['within its band', { imbalanceMax: 3, imbalanceLoadMin: 0 }],
  ])('does at once what others leave alone %s, and says what for', async (_, planner) => {
    const world = await uneven({ written: { planner } });
    waitingIsCheaper(world);
    expect((await world.round.run(TRIGGER)).none?.why).toBe('balanced');
    expect(await world.round.run(REBALANCE)).toMatchObject({ trigger: REBALANCE, none: null });
    const [{ plan, status, startAtMs } = {}] = plansOf(world);
    expect([plan?.trigger, status, startAtMs]).toEqual([REBALANCE, 'approved', null]);
    const moves = plan?.batches.flatMap((batch) => batch.moves) ?? [];
    expect(moves.map(({ target, reason }) => `${target} ${reason.kind}`)).toEqual([
      's2 imbalance',
      's2 imbalance',
    ]);
  });

  it('leaves alone what the config calls even, and what is idle', async () => {
    const band = { cron: '0 3 * * 0', imbalanceMax: 2.1 };
    const even = await uneven({
      written: { triggers: { rebalance: band }, planner: { imbalanceMax: 3 } },
    });
    expect((await even.round.run(REBALANCE)).none?.why).toBe('balanced');
    const idle = await uneven({ load: 0.05 });
    expect((await idle.round.run(REBALANCE)).none?.why).toBe('balanced');
  });

  it('is as any other where the config names no times any more', async () => {
    const { round } = await roundWorld({ load: 0.4 });
    expect((await round.run(REBALANCE)).none?.why).toBe('balanced');
  });

  it('keeps the limits of moves, cool-downs and pauses', async () => {
    const few = await uneven({ movesMax: 1 });
    await few.round.run(REBALANCE);
    expect(plansOf(few)[0]?.plan.batches.flatMap(({ moves }) => moves)).toHaveLength(1);
    expect((await few.round.run(REBALANCE)).none?.why).toBe('busy');

    const moved = await uneven();
    const draft = new Draft();
    const movedAtMs = moved.plane.clock.realtimeMs();
    for (const [id, { value }] of moved.plane.view.all(PLACEMENT)) {
      draft.put(PLACEMENT, id, { ...value, movedAtMs });
    }
    await moved.plane.write(draft);
    expect((await moved.round.run(REBALANCE)).plan).toBeNull();

    const paused = await uneven();
    const pause = { by: 'ann', reason: '', sinceMs: 0 };
    await paused.plane.write(new Draft().put(PAUSE, 'current', pause));
    expect((await paused.round.run(REBALANCE)).none?.why).toBe('paused');
  });

  it('leaves its plan to an operator in propose, for as long as the config says', async () => {
    const world = await uneven({ mode: 'propose' });
    await world.round.run(REBALANCE);
    await world.measure(4);
    expect((await world.round.run(TRIGGER)).none?.why).toBe('balanced');
    expect(plansOf(world).map(({ status }) => status)).toEqual(['proposed']);
    await world.plane.clock.advance(REST_MS);
    await world.round.run(TRIGGER);
    expect(plansOf(world).map(({ status }) => status)).toEqual(['expired']);
  });
});
