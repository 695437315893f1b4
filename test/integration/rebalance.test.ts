import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { BullmqBus } from '../../core/bus/bullmq.js';
import { SystemClock } from '../../core/clock/system.js';
import { SILENT_LOG } from '../../core/log.js';
import type { ForecasterOptions } from '../../forecaster/forecaster.js';
import { Forecaster } from '../../forecaster/forecaster.js';
import type { Trigger } from '../../forecaster/triggers.js';
import { describeWith } from '../support/installed.js';
import { RedisServer } from '../support/redis-server.js';
import { roundWorld } from '../support/round-world.js';
import { untilWithin } from '../support/until.js';

/* Times at which the servers are made even, on the bus of several processes. */

const clock = new SystemClock();
const until = untilWithin(20_000, { pauseMs: 20 });
const HOUR_MS = 3_600_000;

describeWith('redis-server')('a rebalance by cron on a real Redis', () => {
  let server: RedisServer;
  let ends: (() => Promise<void>)[];

  beforeEach(async () => {
    server = await RedisServer.start();
    ends = [];
  });

  afterEach(async () => {
    for (const end of ends) await end();
    await server.dispose();
  });

  /** The forecaster of a process, and what its rounds were begun for. */
  async function begun(rebalance: { readonly cron: string }) {
    const bus = await BullmqBus.open(
      { clock, log: SILENT_LOG },
      { redis: { at: server.at }, prefix: '{test}' },
    );
    const world = await roundWorld({ steps: 0, written: { triggers: { rebalance } } });
    const rounds: Trigger[] = [];
    const { round, eligibility } = world;
    const run = round.run.bind(round);
    round.run = (trigger, options) => {
      rounds.push(trigger);
      return run(trigger, options);
    };
    const { view } = world.plane;
    const options: ForecasterOptions = {
      ...{ everyMs: HOUR_MS, watchMs: HOUR_MS, joinPauseMs: 0 },
      rebalance: world.triggers.rebalance,
    };
    const parts = { round, bus, view, eligibility, clock, log: SILENT_LOG };
    const forecaster = new Forecaster(parts, options);
    await forecaster.start();
    const end = async (): Promise<void> => {
      await forecaster.stop();
      await bus.close();
    };
    ends.push(end);
    return { bus, rounds, end };
  }

  it('begins a round that says what for', async () => {
    const { bus, rounds } = await begun({ cron: '* * * * * *' });
    await until('a round was begun', () => rounds.some(({ kind }) => kind === 'rebalance'));
    const { detail } = rounds.find(({ kind }) => kind === 'rebalance')!;
    expect(detail).toBe('to make the servers even, by * * * * * * (UTC)');
    const ended = async () =>
      (await bus.jobs()).filter(({ state }) => state === 'done').map(({ kind }) => kind);
    await until('both jobs are done', async () => {
      const kinds = new Set(await ended());
      return kinds.has('rebalance') && kinds.has('round');
    });
  });

  it('is not made up for at another time, if nobody was there at the one that was named', async () => {
    const inTwoSeconds = new Date(clock.realtimeMs() + 2000);
    const cron = [
      inTwoSeconds.getUTCSeconds(),
      inTwoSeconds.getUTCMinutes(),
      inTwoSeconds.getUTCHours(),
      '* * *',
    ].join(' ');
    const first = await begun({ cron });
    await first.end();
    await clock.sleep(Math.max(0, inTwoSeconds.getTime() + 500 - clock.realtimeMs()));
    const second = await begun({ cron });
    await clock.sleep(1500);
    const kinds = [...first.rounds, ...second.rounds].map(({ kind }) => kind);
    expect(kinds).toContain('event');
    expect(kinds).not.toContain('rebalance');
  });
});
