import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { StoreFailovers } from '../rig/store-failovers.js';
import { describeWith } from '../support/installed.js';

/* Some of what `npm run long -- store-failovers --from 1 --to 50 --out FILE.jsonl` does. */

describeWith('redis-sentinel')('a switch whose table store fails over', () => {
  let failovers: StoreFailovers;

  beforeAll(async () => {
    failovers = await StoreFailovers.start();
  });

  afterAll(async () => {
    await failovers.stop();
  });

  it.each([
    ['loses what was acknowledged last', 5, true],
    ['keeps all that was acknowledged', 6, false],
    ['loses a commit', 7, true],
  ])(
    'that %s: no generation falls, nothing is lost, and it is settled within ten seconds',
    async (_, seed, loses) => {
      const result = await failovers.run(seed);
      expect(result).toMatchObject({ failure: undefined, loses });
      expect(result.answered).toBeGreaterThan(100);
    },
  );
});
