import { expect, it } from '@jest/globals';
import { SimulatedClock } from '../../../../core/clock/simulated.js';
import { Pace } from '../../../../core/threads/work.js';

it('rests so long that its work takes its share of the time, and saves up what is short', async () => {
  const clock = new SimulatedClock(0);
  const pace = new Pace(clock, 0.25);
  await clock.advance(6);
  await pace.rest();
  await clock.advance(4);
  let isRested = false;
  void pace.rest().then(() => (isRested = true));
  await clock.advance(29);
  expect(isRested).toBe(false);
  await clock.advance(1);
  expect(isRested).toBe(true);
  await pace.rest();
  expect(clock.monotonicMs()).toBe(40);
});
