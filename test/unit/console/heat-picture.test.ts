import { describe, expect, it } from '@jest/globals';
import type { HeatMap, PlanScore } from '../../../console/frame/answers.js';
import {
  cellWords,
  heatPicture,
  pictureWords,
  ticksOf,
} from '../../../console/figures/heat-picture.js';

const MIN = 60_000;
const NOW = Date.UTC(2026, 10, 26, 9, 30);
const ALL = { order: 'name', fits: () => true, score: undefined } as const;

const HEAT: HeatMap = {
  nowMs: NOW,
  metric: 'utilization',
  metrics: ['utilization', 'cpu'],
  columnMs: 5 * MIN,
  pastFromMs: NOW - 10 * MIN,
  futureFromMs: NOW,
  servers: [
    { id: 's1', past: [400, 710], p50: [800, 830], p90: [940, 1040] },
    { id: 's2', past: [null, 380], p50: [390, 400], p90: [440, 430] },
  ],
  movers: [],
};

const SCORE = {
  stepMs: 5 * MIN,
  fromMs: NOW - 5 * MIN,
  ahead: [{ server: 's1', nothing: [0.9, 0.94, 1.04], plan: [0.8, 0.7, 0.71] }],
} as unknown as PlanScore;

describe('the picture of a heat map', () => {
  it('has what was and, behind it, P90 of what is to come', () => {
    const picture = heatPicture(HEAT, ALL);
    expect({ past: picture.pastColumns, all: picture.columns }).toEqual({ past: 2, all: 4 });
    expect(picture.rows.map(({ server, values }) => [server, ...values])).toEqual([
      ['s1', 400, 710, 940, 1040],
      ['s2', null, 380, 440, 430],
    ]);
  });

  it('puts the fullest first if asked to', () => {
    const cooler = { ...HEAT, servers: [...HEAT.servers].reverse() };
    const picture = heatPicture(cooler, { ...ALL, order: 'peak' });
    expect(picture.rows.map(({ server }) => server)).toEqual(['s1', 's2']);
  });

  it('shows only what fits', () => {
    const picture = heatPicture(HEAT, { ...ALL, fits: (server) => server === 's2' });
    expect(picture.rows.map(({ server }) => server)).toEqual(['s2']);
  });

  it('shows the servers of a plan as they would be, in their columns', () => {
    const picture = heatPicture(HEAT, { ...ALL, score: SCORE });
    expect(picture.rows[0]).toMatchObject({ values: [400, 710, 700, 710], isPlanned: true });
    expect(picture.rows[1]).toMatchObject({ values: [null, 380, 440, 430], isPlanned: false });
  });

  it('says each cell in words: what it was, what it may be, and whether that is too much', () => {
    const picture = heatPicture(HEAT, ALL);
    expect(cellWords(picture, 0, 1)).toMatch(/^s1 .+: 71 %$/);
    expect(cellWords(picture, 0, 3)).toMatch(/^s1 .+: P90 104 % \(P50 83 %\), over its capacity$/);
    expect(cellWords(picture, 1, 0)).toMatch(/nothing was measured$/);
    expect(cellWords(heatPicture(HEAT, { ...ALL, score: SCORE }), 0, 3)).toMatch(
      /P90 71 % with the plan$/,
    );
    expect(cellWords(picture, 7, 0)).toBe('');
  });

  it('says in a sentence which servers get too full', () => {
    expect(pictureWords(heatPicture(HEAT, ALL))).toContain('expected to pass their capacity: s1');
    expect(pictureWords(heatPicture({ ...HEAT, servers: [] }, ALL))).toContain('none is expected');
  });

  it('holds without a forecast, and without servers', () => {
    const past = HEAT.servers.map((server) => ({ ...server, p50: [], p90: [] }));
    const picture = heatPicture({ ...HEAT, futureFromMs: null, servers: past }, ALL);
    expect(picture.columns).toBe(2);
    expect(heatPicture({ ...HEAT, servers: [] }, ALL)).toMatchObject({ rows: [], columns: 0 });
  });

  it('writes few whole times, in seconds where it is about seconds', () => {
    const hours = ticksOf({ fromMs: NOW - 360 * MIN, columnMs: 5 * MIN, columns: 84, nowMs: NOW });
    expect(hours.length).toBeGreaterThan(3);
    expect(hours.length).toBeLessThan(10);
    expect(hours.every(({ text }) => /^\d\d:00$/.test(text))).toBe(true);
    const seconds = ticksOf({ fromMs: NOW, columnMs: 500, columns: 84, nowMs: NOW });
    expect(seconds.every(({ text }) => /:\d\d:\d[05]$/.test(text))).toBe(true);
    expect(ticksOf({ fromMs: NOW, columnMs: 500, columns: 0, nowMs: NOW })).toEqual([]);
  });
});
