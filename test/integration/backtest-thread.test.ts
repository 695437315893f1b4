import { describe, expect, it } from '@jest/globals';
import { panelIn } from '../../core/trace/trace.js';
import { generatedTrace } from '../../core/trace/generated.js';
import { historyRules } from '../../forecaster/backtest/history.js';
import { InlineBacktest } from '../../forecaster/backtest/runner.js';
import { BacktestThread } from '../../forecaster/backtest/thread.js';

const panel = panelIn(generatedTrace({ resources: 4, days: 4, stepMs: 3_600_000 }), 'cpu')!;
const options = { ...historyRules(panel.grid, 6)!, seed: 1 };
const asked = { panel, options, neural: undefined };

describe('a backtest in a thread of its own', () => {
  it('finds what it finds in place, and tells how far it is', async () => {
    const { signal } = new AbortController();
    const done: number[] = [];
    const thread = new BacktestThread({ cpuShare: 1 });
    const apart = await thread.run(asked, { progress: (share) => done.push(share), signal });
    expect(apart).toEqual(await new InlineBacktest().run(asked, { progress: () => 0, signal }));
    expect(apart).toHaveLength(4);
    expect(done.length).toBeGreaterThan(3);
    expect(done).toEqual([...done].sort((a, b) => a - b));
  });

  it('ends when it is told to', async () => {
    const over = new AbortController();
    const reason = new Error('stopping');
    const running = new BacktestThread({ cpuShare: 0.5 }).run(asked, {
      progress: () => {
        over.abort(reason);
      },
      signal: over.signal,
    });
    await expect(running).rejects.toBe(reason);
  });

  it('says so if its thread ends before it', async () => {
    const { signal } = new AbortController();
    const neural = { weights: new Uint8Array([1, 2, 3]), backend: 'cpu' as const };
    const running = new BacktestThread({ cpuShare: 1 }).run(
      { ...asked, neural },
      { progress: () => 0, signal },
    );
    await expect(running).rejects.toMatchObject({ code: 'ERR_BACKTEST_LOST' });
  });
});
