import { describe, expect, it } from '@jest/globals';
import { SimulatedClock } from '../../../core/clock/simulated.js';
import { SystemClock } from '../../../core/clock/system.js';

describe('SimulatedClock', () => {
  it('wakes a sleeper only when its time has come', async () => {
    const clock = new SimulatedClock();
    let isAwake = false;
    void clock.sleep(10).then(() => {
      isAwake = true;
    });
    await clock.advance(9);
    expect(isAwake).toBe(false);
    await clock.advance(1);
    expect(isAwake).toBe(true);
  });

  it('runs timers by time, then by the order of their making, and those that timers make', async () => {
    const clock = new SimulatedClock();
    const seen: string[] = [];
    clock.after(5, () => seen.push('b'));
    clock.after(2, () => {
      seen.push('a');
      clock.after(3, () => seen.push('d'));
    });
    clock.after(5, () => seen.push('c'));
    await clock.advance(5);
    expect(seen).toEqual(['a', 'b', 'c', 'd']);
  });

  it('keeps its order among many timers, cancelled ones left out', async () => {
    const clock = new SimulatedClock();
    const seen: number[] = [];
    for (let at = 0; at < 500; at++) {
      const ms = (at * 7919) % 251;
      const cancel = clock.after(ms, () => seen.push(ms));
      if (at % 3 === 0) cancel();
    }
    await clock.advance(251);
    expect(seen).toHaveLength(500 - 167);
    expect(seen).toEqual([...seen].sort((a, b) => a - b));
  });

  it('jumps the wall clock without touching monotonic time', async () => {
    const clock = new SimulatedClock(1_000_000);
    await clock.advance(5);
    clock.jumpRealtime(-3_600_000);
    expect(clock.monotonicMs()).toBe(5);
    expect(clock.realtimeMs()).toBe(1_000_005 - 3_600_000);
  });
});

describe('SystemClock', () => {
  it('counts like another thread that began earlier', () => {
    const own = new SystemClock();
    const same = new SystemClock(own.originMs);
    const other = new SystemClock(own.originMs - 60_000);
    expect(Math.abs(same.monotonicMs() - own.monotonicMs())).toBeLessThan(1000);
    expect(Math.abs(other.monotonicMs() - 60_000 - own.monotonicMs())).toBeLessThan(1000);
    expect(other.originMs).toBe(own.originMs - 60_000);
  });
});
