import { describe, expect, it } from '@jest/globals';
import { EmbeddedBus } from '../../../../core/bus/embedded.js';
import { SimulatedClock } from '../../../../core/clock/simulated.js';
import type { Clock } from '../../../../core/clock/port.js';
import type { Disk } from '../../../../core/disk/port.js';
import { SILENT_LOG } from '../../../../core/log.js';
import type { Rng } from '../../../../core/rng.js';
import { integerBelow } from '../../../../core/rng.js';
import type { CrashingDisk } from '../../../support/crash.js';
import { crashEverywhere } from '../../../support/crash.js';

interface Lived {
  readonly asked: ReadonlySet<number>;
  /** Those that the bus said it had taken. */
  readonly taken: ReadonlySet<number>;
  /** Those whose handler came to its end. */
  readonly handled: ReadonlySet<number>;
  /** Those that the bus said were done. */
  readonly done: ReadonlySet<number>;
  readonly hasSchedule: boolean;
}

const openAt = (disk: Disk, clock: Clock) =>
  EmbeddedBus.open({ disk, clock, log: SILENT_LOG }, { compactAtBytes: 1500, pauseMs: 10 });

async function live(disk: CrashingDisk, rng: Rng): Promise<Lived> {
  const clock = new SimulatedClock(1_700_000_000_000);
  const asked = new Set<number>();
  const taken = new Set<number>();
  const handled = new Set<number>();
  const done = new Set<number>();
  const lived = { asked, taken, handled, done };
  const bus = await openAt(disk, clock).catch(() => undefined);
  if (bus === undefined) return { ...lived, hasSchedule: false };
  await bus.work(
    'train',
    async ({ data, attempt }) => {
      await clock.sleep(integerBelow(rng, 20));
      if (Number(data) % 5 === 0 && attempt === 1)
        throw new Error('the first attempt of some fails');
      handled.add(Number(data));
      return null;
    },
    { concurrency: 2 },
  );
  const hasSchedule = await isDone(bus.schedule('beat', { everyMs: 60_000 }, 'round', null));
  for (let number = 0; number < 12 && !disk.isOff; number++) {
    const delayMs = integerBelow(rng, 2) * 15;
    asked.add(number);
    const options = { id: `job-${number}`, delayMs, attemptsMax: 10 };
    if (await isDone(bus.enqueue('train', number, options))) taken.add(number);
    await clock.advance(integerBelow(rng, 30));
    for (const { id, state } of await bus.jobs()) {
      if (state === 'done') done.add(Number(id.slice('job-'.length)));
    }
  }
  return { ...lived, hasSchedule };
}

async function check(
  disk: Disk,
  { asked, taken, handled, done, hasSchedule }: Lived,
): Promise<void> {
  const clock = new SimulatedClock(1_700_000_060_000);
  const bus = await openAt(disk, clock);
  const again: number[] = [];
  let rounds = 0;
  await bus.work('train', ({ data, attempt }) => {
    expect(attempt).toBeLessThanOrEqual(10);
    again.push(Number(data));
    return Promise.resolve(null);
  });
  await bus.work('round', () => {
    rounds += 1;
    return Promise.resolve(null);
  });
  await clock.advance(61_000);
  for (const number of taken) expect([...handled, ...again]).toContain(number);
  for (const number of again) {
    expect(asked).toContain(number);
    expect(done).not.toContain(number);
  }
  expect(new Set(again).size).toBe(again.length);
  if (hasSchedule) expect(rounds).toBeGreaterThan(0);
  await bus.close();
}

describe('EmbeddedBus, its power cut at every call to the disk', () => {
  it.each(Array.from({ length: 10 }, (_, seed) => seed))(
    'runs every job it took, and none again that it said was done (seed %d)',
    async (seed) => {
      const open = (disk: Disk) => openAt(disk, new SimulatedClock(1_700_000_030_000));
      expect(await crashEverywhere({ seed, live, open, check })).toBeGreaterThan(50);
    },
  );
});

async function isDone(call: Promise<unknown>): Promise<boolean> {
  return call.then(
    () => true,
    () => false,
  );
}
