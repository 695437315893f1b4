import { beforeEach, describe, expect } from '@jest/globals';
import type { Clock } from '../../core/clock/port.js';
import type { LeftOut } from '../support/conformance.js';
import { suiteTest } from '../support/conformance.js';

export interface ClockWorld {
  readonly clock: Clock;
  /** Lets time pass until the promise is settled. */
  until<T>(promise: Promise<T>): Promise<T>;
}

/** A moment that even a busy machine tells apart from none. */
const SHORT_MS = 30;

/** What every clock must do; each engine's test calls this. */
export function describeClock(
  name: string,
  make: () => ClockWorld,
  leftOut: readonly LeftOut[] = [],
): void {
  describe(name, () => {
    const it = suiteTest(leftOut);
    let world: ClockWorld;
    let clock: Clock;

    beforeEach(() => {
      world = make();
      ({ clock } = world);
    });

    function called(ms: number): Promise<number> {
      return new Promise((resolve) => {
        clock.after(ms, () => {
          resolve(clock.monotonicMs());
        });
      });
    }

    it('calls back when the time has come, and not before', async () => {
      const startMs = clock.monotonicMs();
      // Node rounds timers to whole milliseconds.
      expect(await world.until(called(SHORT_MS))).toBeGreaterThanOrEqual(startMs + SHORT_MS - 1);
    });

    it('calls back later, even after no time or less', async () => {
      for (const ms of [0, -5]) {
        let isLater = false;
        const call = new Promise<boolean>((resolve) => {
          clock.after(ms, () => {
            resolve(isLater);
          });
        });
        isLater = true;
        expect(await world.until(call)).toBe(true);
      }
    });

    it('calls back in the order of the times', async () => {
      const order: string[] = [];
      clock.after(2 * SHORT_MS, () => order.push('late'));
      clock.after(SHORT_MS, () => order.push('early'));
      await world.until(called(3 * SHORT_MS));
      expect(order).toEqual(['early', 'late']);
    });

    it('does not call back once cancelled, and cancels as often as one likes', async () => {
      let isCalled = false;
      const cancel = clock.after(SHORT_MS, () => {
        isCalled = true;
      });
      cancel();
      cancel();
      await world.until(called(2 * SHORT_MS));
      expect(isCalled).toBe(false);
      const order: string[] = [];
      const late = clock.after(SHORT_MS, () => order.push('called'));
      await world.until(called(2 * SHORT_MS));
      late();
      expect(order).toEqual(['called']);
    });

    it('waits for months', async () => {
      let isCalled = false;
      const cancel = clock.after(50 * 86_400_000, () => {
        isCalled = true;
      });
      await world.until(called(SHORT_MS));
      cancel();
      expect(isCalled).toBe(false);
    });

    it('sleeps as long as told', async () => {
      const startMs = clock.monotonicMs();
      await world.until(clock.sleep(SHORT_MS));
      expect(clock.monotonicMs()).toBeGreaterThanOrEqual(startMs + SHORT_MS - 1);
    });

    it('ends a sleep at once when its signal aborts, with its reason', async () => {
      const controller = new AbortController();
      const startMs = clock.monotonicMs();
      const slept = clock.sleep(3_600_000, controller.signal);
      controller.abort(new Error('enough'));
      await expect(world.until(slept)).rejects.toThrow('enough');
      await expect(world.until(clock.sleep(3_600_000, controller.signal))).rejects.toThrow(
        'enough',
      );
      expect(clock.monotonicMs() - startMs).toBeLessThan(60_000);
    });

    it('gives up the signal after a sleep', async () => {
      const controller = new AbortController();
      await world.until(clock.sleep(1, controller.signal));
      controller.abort(new Error('too late to matter'));
      await world.until(clock.sleep(1));
    });

    it('has a monotonic time that never goes back, and a wall clock that goes on with it', async () => {
      const readings = [clock.monotonicMs()];
      const startRealtimeMs = clock.realtimeMs();
      for (let reading = 0; reading < 5; reading++) {
        await world.until(clock.sleep(SHORT_MS / 5));
        readings.push(clock.monotonicMs());
      }
      expect(readings).toEqual([...readings].sort((a, b) => a - b));
      expect(clock.realtimeMs()).toBeGreaterThan(startRealtimeMs);
    });
  });
}
