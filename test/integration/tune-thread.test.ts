import { describe, expect, it } from '@jest/globals';
import { generatedTrace } from '../../core/trace/generated.js';
import { parseReplayOptions } from '../../replay/options.js';
import { sceneOf } from '../../replay/scene.js';
import { InlineTrials } from '../../replay/tune/trial-runner.js';
import { TrialThread } from '../../replay/tune/trial-thread.js';

const trace = generatedTrace({ resources: 6, days: 2, stepMs: 3_600_000 });
const scene = sceneOf(trace, parseReplayOptions({ servers: 2, triggers: false }));
const asked = { scene, quantiles: [0.7, 0.95] };

describe('the trials of a tuning in a thread of their own', () => {
  it('find what they find in place, and tell how far they are', async () => {
    const { signal } = new AbortController();
    const done: number[] = [];
    const thread = new TrialThread({ cpuShare: 1 });
    const apart = await thread.run(asked, { progress: (share) => done.push(share), signal });
    expect(apart).toEqual(await new InlineTrials().run(asked, { progress: () => 0, signal }));
    expect(done.length).toBeGreaterThan(5);
    expect(done).toEqual([...done].sort((a, b) => a - b));
  });

  it('end when they are told to', async () => {
    const over = new AbortController();
    const reason = new Error('stopping');
    const running = new TrialThread({ cpuShare: 0.5 }).run(asked, {
      progress: () => {
        over.abort(reason);
      },
      signal: over.signal,
    });
    await expect(running).rejects.toBe(reason);
  });
});
