import { describe, expect, it } from '@jest/globals';
import { MemoryBus } from '../../../core/bus/memory.js';
import { PLAN, ROUND } from '../../../core/table-store/records/plan.js';
import { Forecaster } from '../../../forecaster/forecaster.js';
import { roundWorld } from '../../support/round-world.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** So long that none comes by itself. */
const PERIODS = { everyMs: 300 * DAY_MS, watchMs: 300 * DAY_MS, joinPauseMs: 0 };

/** A forecaster at work on a fleet whose load is all on s1, and not much. */
async function atWork(rebalance?: { readonly cron: string; readonly timeZone?: string }) {
  const triggers = rebalance === undefined ? {} : { rebalance };
  const world = await roundWorld({ load: 0.4, written: { triggers } });
  const { plane, round, eligibility } = world;
  const bus = new MemoryBus(plane);
  const { view, clock, log } = plane;
  const options = { ...PERIODS, rebalance: world.triggers.rebalance };
  const forecaster = new Forecaster({ round, bus, view, eligibility, clock, log }, options);
  await forecaster.start();
  // The servers joined: a round answers that.
  await clock.advance(1000);
  const triggersOf = async (): Promise<string[]> => {
    const jobs = await bus.jobs();
    return jobs.filter(({ kind }) => kind === 'round').map(({ id }) => id);
  };
  return { ...world, bus, clock, forecaster, options, triggersOf };
}

describe('times at which the servers are made even', () => {
  it('begin a round each, in the time zone that was named, which says what for', async () => {
    const { clock, plane, triggersOf } = await atWork({
      cron: '0 3 * * *',
      timeZone: 'America/New_York',
    });
    expect(await triggersOf()).toEqual(['event']);
    // It is 17:13 there.
    const leftMs = Date.parse('2023-11-15T08:00:00Z') - clock.realtimeMs();
    await clock.advance(leftMs - 1);
    expect(await triggersOf()).toEqual(['event']);
    await clock.advance(1000);
    expect(await triggersOf()).toEqual(['rebalance', 'event']);
    const detail = 'to make the servers even, by 0 3 * * * (America/New_York)';
    expect(plane.view.get(ROUND, 'last')?.value.trigger).toEqual({ kind: 'rebalance', detail });
    await clock.advance(3 * DAY_MS);
    expect(await triggersOf()).toEqual([...Array<string>(4).fill('rebalance'), 'event']);
  });

  it('have one plan made while nobody has carried it out', async () => {
    const { plane, measure } = await atWork({ cron: '*/15 2 * * *' });
    await measure(18);
    expect(new Date(plane.clock.realtimeMs()).toISOString()).toMatch(/T03:0/);
    const plans = [...plane.view.all(PLAN).values()].map(({ value }) => value);
    expect(plans.map(({ plan, status }) => `${plan.trigger.kind} ${status}`)).toEqual([
      'rebalance approved',
    ]);
    // What is under way counts as done.
    expect(plane.view.get(ROUND, 'last')?.value.none?.why).toBe('balanced');
  });

  it('wait for the round that is under way', async () => {
    const { bus, clock, round, triggersOf } = await atWork({ cron: '0 3 * * *' });
    const run = round.run.bind(round);
    let running = 0;
    let most = 0;
    round.run = async (...told) => {
      running += 1;
      most = Math.max(most, running);
      await clock.sleep(DAY_MS);
      running -= 1;
      return run(...told);
    };
    await bus.enqueue('round', { kind: 'operator', detail: 'ann' }, { id: 'operator' });
    await clock.advance(DAY_MS - 1000);
    expect((await bus.jobs()).map(({ kind, state }) => `${kind} ${state}`)).toEqual([
      'round waiting',
      'rebalance done',
      'round running',
      'round done',
    ]);
    await clock.advance(DAY_MS);
    expect(await triggersOf()).toEqual(['rebalance', 'operator', 'event']);
    expect(most).toBe(1);
  });

  it('are none unless they are named, come with a reload, and go with one', async () => {
    const { clock, forecaster, options, triggersOf } = await atWork();
    const reload = (rebalance: typeof options.rebalance): Promise<void> => {
      forecaster.reconfigure({ ...options, watchMs: HOUR_MS, rebalance });
      return clock.advance(DAY_MS);
    };
    await clock.advance(DAY_MS);
    expect(await triggersOf()).toEqual(['event']);
    const { triggers } = await roundWorld({
      steps: 0,
      written: { triggers: { rebalance: { cron: '0 * * * *' } } },
    });
    await reload(triggers.rebalance);
    const { length } = (await triggersOf()).filter((id) => id === 'rebalance');
    expect(length).toBeGreaterThan(20);
    await reload(undefined);
    const left = (await triggersOf()).filter((id) => id === 'rebalance');
    expect(left.length).toBeLessThan(length + 3);
  });
});
