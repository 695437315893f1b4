import { describe, expect, it } from '@jest/globals';
import type { Blocker, NoPlan, PlannedMove, Reason } from '../../../../core/plan.js';
import { NO_PLAN_REASONS, REASON_KINDS } from '../../../../core/plan.js';
import { Explainer } from '../../../../forecaster/planner/explain.js';
import { explanationWords } from '../../../../forecaster/planner/explain-words.js';
import { planFor, planned } from '../../../../forecaster/planner/planner.js';
import {
  analysisWords,
  blockerWords,
  moveWords,
  noPlanWords,
  percentWords,
  reasonWords,
  timeWords,
  worldsWords,
} from '../../../../forecaster/planner/words.js';
import { g, r, s } from '../../../support/names.js';
import { START_MS, inputsOf } from '../../../support/planner/inputs.js';

const OVERLOAD: Reason = {
  kind: 'overload',
  server: s('s1'),
  dimension: 'cpu',
  atMs: START_MS + 2_640_000,
  before: 0.94,
  after: 0.71,
  limit: 0.8,
};
const NONE: NoPlan = {
  why: 'balanced',
  blockers: [],
  score: null,
  gain: null,
  gainMin: null,
  steps: null,
  stepsMin: null,
};
const BLOCKER: Blocker = {
  zone: null,
  kind: 'pin',
  resource: r('vol-7'),
  server: s('s1'),
  dimension: null,
  amount: null,
};
const SERVER = { capacity: { cpu: 10 } };

describe('the words of a move', () => {
  const move: PlannedMove = {
    resource: r('vol-12'),
    source: s('s1'),
    target: s('s2'),
    since: g('1.3'),
    reason: OVERLOAD,
    demand: { cpu: 1.1 },
  };

  it('say what goes where and why, when, by how much', () => {
    expect(moveWords(move, START_MS)).toBe(
      'vol-12 goes from s1 to s2: s1 would reach 94 % of its CPU at 09:44 UTC (limit 80 %), with the plan 71 %.',
    );
  });

  it('name the day if it is another one', () => {
    expect(reasonWords(OVERLOAD)).toContain('at 2026-11-02 09:44 UTC');
    expect(timeWords(START_MS + 86_400_000, START_MS)).toBe('2026-11-03 09:00 UTC');
  });

  it('say that it is placed', () => {
    const reason = { ...OVERLOAD, kind: 'place', server: null } as const;
    expect(moveWords({ ...move, source: null, reason }, START_MS)).toBe(
      'vol-12 is placed on s2: it has no server yet.',
    );
  });

  it('are there for every kind of reason', () => {
    for (const kind of REASON_KINDS) {
      expect(reasonWords({ ...OVERLOAD, kind }, START_MS)).toMatch(/^[a-z0-9][^.]{5,}$/);
      const bare = { dimension: null, atMs: null, before: null, after: null, limit: null };
      expect(reasonWords({ ...OVERLOAD, kind, server: null, ...bare })).not.toMatch(/null|NaN/);
    }
  });
});

describe('the words for no plan', () => {
  it('are one sentence for every reason there is', () => {
    for (const why of NO_PLAN_REASONS) expect(noPlanWords({ ...NONE, why })).toMatch(/^[A-Z].+\.$/);
  });

  it('say what the best move would win', () => {
    expect(noPlanWords({ ...NONE, why: 'gain-too-small', gain: 0.012, gainMin: 0.05 })).toBe(
      'Gain too small: a move would relieve a server by 1.2 %, and 5 % is asked for.',
    );
  });

  it('say what stands in the way', () => {
    const capacity: Blocker = { ...BLOCKER, kind: 'capacity', resource: null, amount: 1.3 };
    expect(noPlanWords({ ...NONE, why: 'blocked', blockers: [BLOCKER, capacity] })).toBe(
      'Blocked: vol-7 is pinned to s1; 1.3 servers more are needed.',
    );
    expect(blockerWords({ ...capacity, amount: 1, dimension: 'cpu' })).toBe(
      'one server more is needed (cpu)',
    );
    expect(blockerWords({ ...capacity, resource: r('vol-7'), amount: 0.3 })).toBe(
      'vol-7 alone needs 130 % of what a server may carry',
    );
    expect(blockerWords({ ...BLOCKER, kind: 'cooldown' })).toBe('vol-7 was moved lately and rests');
    expect(blockerWords({ ...BLOCKER, kind: 'moves-limit', amount: 2 })).toContain('2 moves');
    expect(blockerWords({ ...BLOCKER, kind: 'server-moves-limit', amount: 1 })).toBe(
      '1 move more than one plan may have from or to s1 would be needed',
    );
    expect(blockerWords({ ...BLOCKER, kind: 'hourly-moves-limit', amount: 3 })).toBe(
      '3 moves more than an hour may have would be needed',
    );
    expect(blockerWords({ ...BLOCKER, kind: 'bytes-limit', amount: 1.5e9 })).toBe(
      '1.4 GiB more than may be moved from or to s1 would have to be',
    );
    expect(blockerWords({ ...BLOCKER, kind: 'bytes-limit', server: null, amount: 999_960 })).toBe(
      '977 KiB more than may be moved would have to be',
    );
    expect(blockerWords({ ...BLOCKER, kind: 'group' })).toBe(
      "the rules of vol-7's group forbid it",
    );
    const headroom: Blocker = { ...BLOCKER, kind: 'headroom', resource: null, amount: 0.4 };
    expect(blockerWords(headroom)).toBe(
      'if s1 is lost, the others have no room for 0.4 servers of what it carries',
    );
    expect(blockerWords({ ...headroom, server: null, zone: 'b' })).toContain('if zone b is lost,');
    expect(blockerWords({ ...headroom, resource: r('vol-7'), amount: null })).toBe(
      'if s1 is lost, no other server may serve vol-7',
    );
    expect(blockerWords({ ...BLOCKER, kind: 'eligibility' })).toContain('vol-7');
    expect(blockerWords({ ...BLOCKER, kind: 'server-state' })).toBe('s1 is not ready for vol-7');
  });
});

describe('percentWords', () => {
  it('shows a decimal where a whole number would hide a difference', () => {
    expect([percentWords(0.94), percentWords(0.803, 0.8), percentWords(0.012)]).toEqual([
      '94 %',
      '80.3 %',
      '1.2 %',
    ]);
  });
});

describe('the words of an analysis', () => {
  it('compare with doing nothing, with the best there can be, and with other worlds', () => {
    const { plan } = planFor(
      inputsOf({
        servers: { s1: SERVER, s2: SERVER },
        resources: {
          a: { on: 's1', needs: { cpu: 6 }, spread: 0.2 },
          b: { on: 's1', needs: { cpu: 5 }, spread: 0.2 },
        },
      }),
    );
    expect(analysisWords(plan!.analysis, 1)).toMatch(
      /^1 move: the fullest server peaks at \d+ % instead of \d+ %; no assignment can go below \d+ %\.$/,
    );
    expect(worldsWords(plan!.analysis)).toEqual([
      'If the load turns out low: peak 48 % (without the plan: peak 94 %).',
      'If the load turns out high: peak 72 % (without the plan: peak 126 %, over capacity).',
      'If the load stays as it is: peak 60 % (without the plan: peak 110 %, over capacity).',
    ]);
  });
});

describe('explain', () => {
  const fleet = {
    servers: {
      s1: SERVER,
      s2: SERVER,
      s3: { ...SERVER, state: 'draining' as const },
      s4: { capacity: { cpu: 3 } },
      s5: { ...SERVER, spare: true },
    },
    resources: {
      a: { on: 's1', needs: { cpu: 6 }, eligible: ['s1', 's2', 's3', 's4', 's5'] },
      b: { on: 's1', needs: { cpu: 5 }, eligible: ['s1'] },
    },
  };

  it('says where it should go, why, and why not elsewhere', () => {
    const explanation = new Explainer(planned(inputsOf(fleet))).of(r('a'))!;
    expect(explanation).toMatchObject({ server: 's1', verdict: 'moves', pinned: null });
    expect(explanation.fits.map(({ server, fit, why }) => `${server} ${fit} ${why}`)).toEqual([
      's2 best target',
      's3 no not-ready',
      's5 no spare',
      's1 no over-capacity',
      's4 no over-capacity',
    ]);
    const { headline, fits, notes } = explanationWords(explanation, START_MS);
    expect(headline).toBe(
      'a is on s1 and should go to s2: s1 would reach 110 % of its CPU at 09:00 UTC (limit 100 %), with the plan 50 %.',
    );
    expect(fits).toContain('s4: no, would reach 200 % of its CPU at 09:00 UTC');
    expect(notes).toEqual(['It is not pinned.', 'It is not resting from a move.']);
  });

  it('says where the forecast is not believed', () => {
    const disproved = [
      { metric: 'cpu', factor: 1.6 },
      { metric: 'memory', factor: null },
    ] as const;
    const explanation = new Explainer(planned({ ...inputsOf(fleet), disproved })).of(r('a'))!;
    expect(explanationWords(explanation, START_MS).notes.slice(2)).toEqual([
      "The fleet's cpu is not what was forecast: the plan counts with 1.60 times what was said.",
      "The fleet's memory is not what was forecast: the plan counts with what it is now.",
    ]);
  });

  it('says why it stays', () => {
    const explanation = new Explainer(planned(inputsOf({ ...fleet, options: { movesMax: 1 } }))).of(
      r('b'),
    )!;
    expect(explanation.verdict).toBe('stays');
    expect(explanationWords(explanation).headline).toBe(
      'b is on s1 and stays there. The plan helps more by moving others.',
    );
  });

  it('says that it is stuck, and by what', () => {
    const stuck = inputsOf({
      servers: { s1: { ...SERVER, state: 'draining' }, s2: SERVER },
      resources: { a: { on: 's1', needs: { cpu: 1 }, eligible: ['s1'] } },
    });
    expect(explanationWords(new Explainer(planned(stuck)).of(r('a'))!).headline).toBe(
      'a is on s1 and cannot be moved: s1 is not ready for a.',
    );
  });

  it('knows no resource that there is not', () => {
    expect(new Explainer(planned(inputsOf(fleet))).of(r('z'))).toBeUndefined();
  });
});
