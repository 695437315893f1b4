import { describe, expect, it } from '@jest/globals';
import { SimulatedClock } from '../../../core/clock/simulated.js';
import { EngineHealth, engineMetrics } from '../../../core/engine-health.js';
import { ForeshiftError } from '../../../core/errors.js';

const START_MS = 1_700_000_000_000;
const unreachable = new ForeshiftError('ERR_REDIS_UNREACHABLE', { redis: 'R', why: 'gone' });
const full = new ForeshiftError('ERR_REDIS_FULL', { redis: 'R', why: 'OOM' });

async function at(clock: SimulatedClock, ms: number): Promise<void> {
  await clock.advance(START_MS + ms - clock.realtimeMs());
}

describe('the health of an engine', () => {
  it('says since when it is away, and what was heard last, until it answers', async () => {
    const clock = new SimulatedClock(START_MS);
    const health = new EngineHealth('engine', clock);
    health.answered('reads');
    expect(health.fault).toBeUndefined();
    await at(clock, 1000);
    health.failed('reads', unreachable);
    await at(clock, 3000);
    health.failed('writes', unreachable, 'timed-out');
    health.failed('reads', unreachable);
    expect(health.fault).toMatchObject({
      sinceMs: START_MS + 1000,
      atMs: START_MS + 3000,
      code: 'ERR_REDIS_UNREACHABLE',
    });
    health.answered('reads');
    expect(health.fault).toBeUndefined();
    expect([...health.ends]).toEqual([
      ['reads done', 2],
      ['reads ERR_REDIS_UNREACHABLE', 2],
      ['writes timed-out', 1],
    ]);
  });

  it('still refuses writes, for all that it reads', async () => {
    const clock = new SimulatedClock(START_MS);
    const health = new EngineHealth('engine', clock);
    health.failed('writes', full);
    await at(clock, 1000);
    health.answered('reads');
    expect(health.fault).toMatchObject({ sinceMs: START_MS, code: 'ERR_REDIS_FULL' });
    health.answered('writes');
    expect(health.fault).toBeUndefined();
  });

  it('is away for as long as nothing is answered, and not for what it refuses', () => {
    const health = new EngineHealth('engine', new SimulatedClock(START_MS));
    health.failed('writes', full);
    expect(health.isAway).toBe(false);
    health.failed('writes', unreachable);
    expect(health.isAway).toBe(true);
    health.answered('reads');
    expect(health.isAway).toBe(false);
    expect(health.fault).toBeUndefined();
  });

  it('has been unreadable since its first answer that was', async () => {
    const clock = new SimulatedClock(START_MS);
    const health = new EngineHealth('engine', clock);
    const garbage = new ForeshiftError('ERR_REDIS_DATA', { redis: 'R', why: 'a word' });
    for (const ms of [0, 1000, 2000]) {
      await at(clock, ms);
      health.answered('reads');
      health.unreadable('reads', garbage);
    }
    expect(health.fault).toMatchObject({ sinceMs: START_MS, atMs: START_MS + 2000 });
    health.answered('reads');
    health.answered('reads');
    health.unreadable('reads', garbage);
    expect(health.fault?.sinceMs).toBe(START_MS + 2000);
  });

  it('is shown as metrics', async () => {
    const clock = new SimulatedClock(START_MS);
    const health = new EngineHealth('engine', clock);
    health.failed('writes', full);
    health.connectionLost();
    await at(clock, 5000);
    const shown = await Promise.all(
      engineMetrics({ health: [health] }, clock).map(async (source) => [
        source.name,
        source.kind === 'histogram' ? [] : [...(await source.read())],
      ]),
    );
    const labels = { engine: 'engine' };
    expect(shown).toEqual([
      ['foreshift_engine_up', [{ labels, value: 0 }]],
      ['foreshift_engine_away_seconds', [{ labels, value: 5 }]],
      [
        'foreshift_engine_calls_total',
        [{ labels: { ...labels, effect: 'writes', end: 'ERR_REDIS_FULL' }, value: 1 }],
      ],
      ['foreshift_engine_connections_lost_total', [{ labels, value: 1 }]],
    ]);
  });
});
