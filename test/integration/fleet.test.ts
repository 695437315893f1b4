import { expect, it } from '@jest/globals';
import { runFleet } from '../rig/fleet.js';
import { describeWith } from '../support/installed.js';

/* The short form of `npm run bench -- fleet`, which makes a million requests. */

describeWith('influxd')('three redirectors with a whole table that is moved', () => {
  it('lose, double and confuse nothing in fifty thousand requests', async () => {
    const result = await runFleet({
      resources: 10_000,
      servers: 60,
      hosts: 1,
      requestsMin: 50_000,
      batchMovesMax: 100,
      clientsEach: 8,
      say: () => undefined,
    });
    expect(result.violations).toEqual([]);
    expect(result.unapplied).toEqual([]);
    expect(result.answered).toBe(result.requests);
    expect(result.moved).toBeGreaterThanOrEqual(10_000);
  }, 600_000);
});
