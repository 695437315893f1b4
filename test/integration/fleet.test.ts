import { expect, it } from '@jest/globals';
import { faultsOf, runFleet } from '../rig/fleet.js';
import { describeWith } from '../support/installed.js';

/* A short form of `npm run bench -- fleet`; `.ci/run` makes fifty thousand requests of it. */

describeWith('influxd')('three redirectors with a whole table that is moved', () => {
  it('lose, double and confuse nothing', async () => {
    const options = {
      resources: 600,
      servers: 12,
      hosts: 1,
      requestsMin: 5000,
      batchMovesMax: 100,
      clientsEach: 8,
      pauseMs: 0,
      say: () => undefined,
    };
    expect(faultsOf(await runFleet(options), options)).toEqual([]);
  }, 180_000);
});
