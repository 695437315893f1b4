import { describe, expect, it } from '@jest/globals';
import { generatedTrace } from '../../../../core/trace/generated.js';
import { parseReplayOptions } from '../../../../replay/options.js';
import { sceneOf } from '../../../../replay/scene.js';
import { nightlyTuning } from '../../../../replay/tune/nightly.js';
import { foreshiftPolicies, tallied } from '../../../../replay/tune/trials.js';

const trace = generatedTrace({ resources: 6, days: 5, stepMs: 7_200_000, seed: 4 });
const scene = sceneOf(trace, parseReplayOptions({ servers: 3, warmDays: 1 }));
const { steps } = scene.recorded.grid;

describe('a product that is tuned every night', () => {
  it('is the default until a night changes it, at midnight, with three days behind it', async () => {
    const { tuned, trials, changes } = await nightlyTuning(scene);
    const first = changes[0]?.step ?? steps;
    for (const { step } of changes) {
      expect(step % 12).toBe(0);
      expect(step).toBeGreaterThanOrEqual(scene.warmSteps + 36);
    }
    const safe = trials.find(({ quantile }) => quantile === 0.85);
    expect(tuned.over(scene.warmSteps, first)).toEqual(safe?.tally.over(scene.warmSteps, first));
  });

  it('plans for the other quantile from the next round on', async () => {
    const change = scene.warmSteps + 12;
    const [switched, low, high] = foreshiftPolicies(scene, [
      { quantile: 0.5 },
      { quantile: 0.5 },
      { quantile: 0.99 },
    ]);
    const tallies = await tallied([switched!, low!, high!], scene, {}, (step) => {
      if (step + 1 === change) switched!.planFor(0.99);
    });
    const [of, ofLow] = tallies.map((tally) => tally.over(scene.warmSteps, change));
    expect(of).toEqual(ofLow);
    const [after, afterLow] = tallies.map((tally) => tally.over(change, steps));
    expect(after).not.toEqual(afterLow);
  });
});
