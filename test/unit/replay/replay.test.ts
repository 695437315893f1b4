import { describe, expect, it } from '@jest/globals';
import { generatedTrace } from '../../../core/trace/generated.js';
import type { PolicyName } from '../../../replay/options.js';
import { parseReplayOptions } from '../../../replay/options.js';
import { renderHtml } from '../../../replay/page/page.js';
import { progressLine } from '../../../replay/progress.js';
import type { ReplayProgress } from '../../../replay/progress.js';
import { replay } from '../../../replay/replay.js';
import { reportText } from '../../../replay/report.js';
import { tableOf } from '../../../replay/table.js';

const YARDSTICKS: readonly PolicyName[] = [
  'static',
  'static-p95',
  'reactive-50',
  'reactive-search',
  'oracle',
];
const trace = generatedTrace({ resources: 24, days: 4 });
/** A clock whose every look is a second later: what depends on it differs from run to run. */
function tickingClock(startMs: number) {
  let nowMs = startMs;
  return { monotonicMs: () => (nowMs += 1000) };
}

async function replayed(input: object = {}, startMs = 0) {
  const progress: ReplayProgress[] = [];
  const options = parseReplayOptions({ servers: 5, policies: [...YARDSTICKS], ...input });
  const watch = {
    clock: tickingClock(startMs),
    progress: (at: ReplayProgress) => void progress.push(at),
  };
  return { ...(await replay(trace, 'made', options, watch)), progress };
}

describe('a replay', () => {
  it('reports every policy asked for, in order, with figures that agree with its details', async () => {
    const { report } = await replayed();
    expect(report.policies.map(({ policy }) => policy)).toEqual(YARDSTICKS);
    for (const [index, { moves, overloadMinutes }] of report.policies.entries()) {
      const detail = report.details[index];
      expect(detail?.moves).toHaveLength(moves);
      expect(detail?.overloadMinutes.at(-1)).toBe(overloadMinutes);
    }
  });

  it('shows what hindsight is worth: the oracle has the least overload, static ones never move', async () => {
    const { report } = await replayed();
    const of = (name: PolicyName) => report.policies.find(({ policy }) => policy === name)!;
    expect(of('static').moves).toBe(0);
    expect(of('static-p95').moves).toBe(0);
    expect(of('static').overloadMinutes).toBeGreaterThan(0);
    expect(of('oracle').overloadMinutes).toBeLessThan(0.5 * of('static').overloadMinutes);
    for (const { policy, overloadMinutes } of report.policies) {
      if (policy !== 'oracle')
        expect(overloadMinutes).toBeGreaterThanOrEqual(of('oracle').overloadMinutes);
    }
  });

  it('is the same, byte for byte, for the same trace and seed, whenever it runs', async () => {
    const first = await replayed({}, 0);
    const second = await replayed({}, 12_345_678);
    expect(reportText(second.report)).toBe(reportText(first.report));
    expect(renderHtml(second.report)).toBe(renderHtml(first.report));
  });

  it('never moves more than it may in one decision', async () => {
    const { report } = await replayed({ movesMax: 1, policies: ['reactive-search'] });
    const times = report.details[0]!.moves.map(({ atMs }) => atMs);
    expect(times.length).toBeGreaterThan(3);
    expect(new Set(times).size).toBe(times.length);
  });

  it('times each policy beside the report, not in it', async () => {
    const { report, seconds } = await replayed();
    expect(Object.keys(seconds)).toEqual(YARDSTICKS);
    expect(reportText(report)).not.toContain('seconds');
  });

  it('tells how far it is', async () => {
    const { progress } = await replayed();
    const done = progress.map(({ doneSteps }) => doneSteps);
    expect(done).toEqual([...done].sort((a, b) => a - b));
    expect(progress.at(-1)).toMatchObject({ policy: 'oracle', doneSteps: 2880, totalSteps: 2880 });
    const half = { ...progress.at(-1)!, doneSteps: 1440, policySteps: 288 };
    expect(progressLine(half, 10_000)).toBe(
      'replay 2 d  [########--------] 50 %  oracle day 1 of 2  43,200x  eta 10 s',
    );
  });

  it('stops when it is told to', async () => {
    const options = parseReplayOptions({ policies: ['static'] });
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(
      replay(trace, 'made', options, { clock: tickingClock(0), signal }),
    ).rejects.toThrow('enough');
  });
});

describe('the table of a replay', () => {
  it('has a row a policy and a cell a column', async () => {
    const { report, seconds } = await replayed();
    const { columns, rows } = tableOf(report, seconds);
    expect(rows.map(([name]) => name)).toEqual(YARDSTICKS);
    for (const row of rows) expect(row).toHaveLength(columns.length);
    expect(tableOf(report).rows[0]?.at(-1)).toBe('-');
  });
});

describe('the page of a replay', () => {
  it('loads nothing, runs nothing, and shows every policy', async () => {
    const { report } = await replayed();
    const html = renderHtml(report);
    expect(html).not.toMatch(/<script|<link|<img|src=|@import|url\((?!#)/);
    expect(html).toContain("default-src 'none'");
    for (const name of YARDSTICKS) expect(html).toContain(`id="strips-${name}"`);
    expect(html).not.toMatch(/NaN|undefined|Infinity/);
  });

  it('shows names as text, whatever is in them', async () => {
    const { report } = await replayed({ policies: ['static'] });
    const scene = { ...report.scene, trace: '<script>alert("1")</script>' };
    const html = renderHtml({ ...report, scene });
    expect(html).not.toContain('<script');
    expect(html).toContain('&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;');
  });

  it('shows the fullest servers where there are more than fit', async () => {
    const { report } = await replayed({ servers: 40, policies: ['static'] });
    expect(report.details[0]?.servers).toHaveLength(24);
    expect(renderHtml(report)).toContain('The 24 fullest of 40 servers.');
  });
});
