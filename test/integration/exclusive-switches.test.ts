import { expect, it } from '@jest/globals';
import { Switches } from '../rig/switches.js';

/* The short form of `npm run bench -- switches`. */

it('answers every request of every kind, by one server at a time, while resources move and servers die', async () => {
  const result = await Switches.run({ requestsMin: 6000, switchesMin: 60, seed: 1, clients: 8 });
  expect(result.failures).toEqual([]);
  expect(Object.values(result.byKind).every((count) => count > 100)).toBe(true);
  expect(result.held).toBeGreaterThan(50);
  expect(result.deaths).toBeGreaterThan(0);
  expect(result.lostTruly).toBeLessThan(result.requests / 10);
});
