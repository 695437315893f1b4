import { describe, expect, it } from '@jest/globals';
import { SimulatedClock } from '../../../../../core/clock/simulated.js';
import { Lanes } from '../../../../../core/metric-store/influx/lanes.js';

describe('lanes', () => {
  it('let so many run at once, the others in their order, and go on after a failure', async () => {
    const clock = new SimulatedClock();
    const lanes = new Lanes({ lanesMax: 2, waitingMax: 10 });
    let running = 0;
    let most = 0;
    const ended: number[] = [];
    const all = [30, 10, 10, 10, 5].map((ms, at) =>
      lanes.run(async () => {
        most = Math.max(most, ++running);
        await clock.sleep(ms);
        running -= 1;
        ended.push(at);
        if (at === 1) throw new Error('a failure');
      }),
    );
    const over = Promise.allSettled(all);
    await clock.advance(100);
    expect((await over).map(({ status }) => status)).toEqual([
      'fulfilled',
      'rejected',
      'fulfilled',
      'fulfilled',
      'fulfilled',
    ]);
    expect(most).toBe(2);
    expect(ended).toEqual([1, 2, 0, 3, 4]);
  });

  it('are full when so many wait', async () => {
    const clock = new SimulatedClock();
    const lanes = new Lanes({ lanesMax: 1, waitingMax: 1 });
    const first = lanes.run(() => clock.sleep(10));
    expect(lanes.isFull).toBe(false);
    const second = lanes.run(() => clock.sleep(10));
    expect(lanes.isFull).toBe(true);
    await clock.advance(10);
    await first;
    expect(lanes.isFull).toBe(false);
    await clock.advance(10);
    await second;
  });
});
