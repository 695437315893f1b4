import { describe, expect, it } from '@jest/globals';
import { generatedTrace } from '../../../../core/trace/generated.js';
import { parseReplayOptions } from '../../../../replay/options.js';
import { policyOf } from '../../../../replay/policies/make.js';
import { replay } from '../../../../replay/replay.js';
import { sceneOf } from '../../../../replay/scene.js';
import { foreshiftTrials, tallied, trialOf } from '../../../../replay/tune/trials.js';

const trace = generatedTrace({ resources: 8, days: 2, stepMs: 3_600_000 });
const options = parseReplayOptions({
  policies: ['reactive-50', 'foreshift'],
  servers: 3,
  triggers: false,
});
const scene = sceneOf(trace, options);

describe('trials', () => {
  it('are the replay itself, in two parts', async () => {
    const { report } = await replay(trace, 'made', options, { clock: { monotonicMs: () => 0 } });
    const [tally] = await tallied([policyOf('reactive-50', scene)], scene);
    const reactive = trialOf(tally!, scene);
    const [foreshift] = await foreshiftTrials(scene, [{}]);
    for (const [at, trial] of [reactive, foreshift].entries()) {
      const { choosing, judging } = trial!;
      expect(choosing.overloadMinutes + judging.overloadMinutes).toBe(
        report.policies[at]?.overloadMinutes,
      );
      expect(choosing.moves + judging.moves).toBe(report.policies[at]?.moves);
    }
  });

  it('do not change one another: side by side is the same as alone', async () => {
    const candidates = [{ quantile: 0.5 }, { quantile: 0.95, gainMin: 0 }];
    const together = await foreshiftTrials(scene, candidates);
    const alone = [];
    for (const candidate of candidates) alone.push(...(await foreshiftTrials(scene, [candidate])));
    expect(together).toEqual(alone);
    expect(together[0]).not.toEqual(together[1]);
  });

  it('tell how far they are, and end when they are told to', async () => {
    const done: number[] = [];
    const over = new Error('over');
    const ended = tallied([policyOf('static', scene)], scene, {
      onStep: (share) => {
        done.push(share);
        if (done.length === 5) throw over;
      },
    });
    await expect(ended).rejects.toBe(over);
    expect(done).toEqual([...done].sort((a, b) => a - b));
  });
});
