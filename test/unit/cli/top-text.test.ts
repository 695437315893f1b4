import { describe, expect, it } from '@jest/globals';
import { styleOf } from '../../../cli/terminal.js';
import type { TopFrame, TopOrder } from '../../../cli/top-text.js';
import { TOP_ORDERS, afterKey, inOrder, topLines, topText } from '../../../cli/top-text.js';
import { statusText } from '../../../cli/verbs/status.js';
import { STATUS_AT_MS, serverOf, statusOfServers } from '../../support/status.js';

const style = styleOf(false);

const FRAME: TopFrame = {
  status: statusOfServers([
    serverOf('s1', { utilization: { cpu: 0.2, memory: 0.9 }, resources: 9, hitsPerSecond: null }),
    serverOf('s2', {
      utilization: { cpu: 0.6 },
      predicted: {
        ...{ dimension: 'cpu', p90: 1.04 },
        ...{ peakAtMs: STATUS_AT_MS + 840_000, overAtMs: STATUS_AT_MS + 600_000 },
      },
    }),
    serverOf('s3', { predicted: null, hitsPerSecond: 7, state: 'draining' }),
  ]),
  movers: [{ resource: 'vol-7', server: 's2', dimension: 'cpu', now: 0.07, peak: 0.31 }],
};

function many(count: number): TopFrame {
  const ids = Array.from({ length: count }, (_, at) => `s${String(at + 1).padStart(3, '0')}`);
  return { ...FRAME, status: statusOfServers(ids.map((id) => serverOf(id))) };
}

const lines = (frame: TopFrame, rows: number, skipped = 0, fault: readonly string[] = []) =>
  topLines(frame, { order: 'name', skipped }, { rows, style, fault });

describe('what top shows', () => {
  it('are the very lines of status, and what rises most', () => {
    const text = topText(FRAME, style).split('\n');
    for (const line of statusText(FRAME.status, style).split('\n')) expect(text).toContain(line);
    expect(text).toContainEqual(expect.stringMatching(/^vol-7 +s2 +cpu +7 % +31 %$/));
    const shown = lines(FRAME, 24).lines;
    for (const line of text) expect(shown).toContain(line);
  });

  it('says of each server how high it will get, and when', () => {
    expect(topText(FRAME, style)).toMatch(/s2 +ready .* 104 % ! +\d\d:44 /);
  });

  it.each<[TopOrder, string]>([
    ['name', 's1 s2 s3'],
    ['peak', 's2 s1 s3'],
    ['cpu', 's2 s3 s1'],
    ['memory', 's1 s2 s3'],
    ['hits', 's2 s3 s1'],
    ['resources', 's1 s2 s3'],
  ])('sorts by %s, the fullest first, what is not known last', (order, ids) => {
    const { servers } = inOrder(FRAME, order).status;
    expect(servers.map(({ id }) => id).join(' ')).toBe(ids);
    expect(FRAME.status.servers.map(({ id }) => id)).toEqual(['s1', 's2', 's3']);
  });

  it.each([6, 8, 9, 12, 16, 24, 60])(
    'has no more than %i lines where there are so many',
    (rows) => {
      const fault = ['error ERR_API_UNREACHABLE: away', '  fix: start it'];
      for (const frame of [FRAME, many(200)]) {
        expect(lines(frame, rows).lines.length).toBeLessThanOrEqual(rows);
        expect(lines(frame, rows, 0, fault).lines.length).toBeLessThanOrEqual(rows);
      }
      expect(lines(many(200), rows).lines).toHaveLength(rows);
    },
  );

  it('goes through more servers than fit, and not beyond them', () => {
    const frame = many(40);
    const first = lines(frame, 20);
    expect(first.lines.at(-1)).toMatch(/1-\d+ of 40 servers$/);
    expect(first.lines[2]).toContain('s001');
    expect(lines(frame, 20, 3).lines[2]).toContain('s004');
    const last = lines(frame, 20, 99);
    expect(last.lines.at(-1)).toMatch(/-40 of 40 servers$/);
    // One key up is one line up, however often one went down.
    expect(lines(frame, 20, last.view.skipped - 1).lines.at(-1)).toMatch(/-39 of 40 servers$/);
  });

  it('has a sentence where there is no server, and where nothing rises', () => {
    const text = topText({ status: statusOfServers([]), movers: [] }, style);
    expect(text).toContain('no server is known yet');
    expect(text).toContain('no load is expected to rise');
  });
});

describe('the keys of top', () => {
  it('go through the orders, and come back', () => {
    let view = { order: TOP_ORDERS[0] as TopOrder, skipped: 5 };
    const seen = TOP_ORDERS.map(() => (view = afterKey(view, 's', 40)).order);
    expect([...seen].sort()).toEqual([...TOP_ORDERS].sort());
    expect(view).toEqual({ order: TOP_ORDERS[0], skipped: 0 });
  });

  it('scroll, and mean nothing else', () => {
    const view = { order: 'name', skipped: 0 } as const;
    expect(afterKey(view, 'up', 40).skipped).toBe(0);
    expect(afterKey(view, 'down', 40).skipped).toBe(1);
    expect(afterKey(view, 'x', 40)).toBe(view);
  });
});
