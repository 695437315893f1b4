import { describe, expect, it } from '@jest/globals';
import { eventTrigger, forecastTrigger, thresholdTrigger } from '../../../forecaster/triggers.js';
import type { FleetFacts } from '../../../forecaster/triggers.js';
import { p, r, s } from '../../support/names.js';

const OPTIONS = { ratio: 1.5, overallMin: 0.3 };

describe('the threshold', () => {
  const loads = (...values: number[]) =>
    values.map((overall, index) => ({ server: s(`s${index + 1}`), overall }));

  it('is passed when a server exceeds another one by more than the ratio', () => {
    expect(thresholdTrigger(loads(0.61, 0.5, 0.4), OPTIONS)).toEqual({
      kind: 'threshold',
      detail: 's1 is at 61 %, s3 at 40 %',
    });
  });

  it('is not passed at the ratio itself', () => {
    expect(thresholdTrigger(loads(0.6, 0.4), OPTIONS)).toBeUndefined();
  });

  it('does not stir an idle fleet', () => {
    expect(thresholdTrigger(loads(0.29, 0.01), OPTIONS)).toBeUndefined();
  });

  it('does not count loads that are not known, nor a server alone', () => {
    expect(thresholdTrigger(loads(0.9, NaN), OPTIONS)).toBeUndefined();
    expect(thresholdTrigger([], OPTIONS)).toBeUndefined();
  });
});

describe('the forecast trigger', () => {
  it('names the earliest breach and counts the others', () => {
    const atMs = Date.UTC(2026, 4, 12, 9, 44);
    const trigger = forecastTrigger([
      { server: s('s2'), atMs: atMs + 60_000, utilization: 1.2 },
      { server: s('s1'), atMs, utilization: 1.07 },
    ]);
    expect(trigger).toEqual({
      kind: 'forecast',
      detail: 's1 will be at 107 % at 09:44 UTC, and 1 more server',
    });
  });

  it('says nothing where nothing is predicted', () => {
    expect(forecastTrigger([])).toBeUndefined();
  });
});

describe('an event', () => {
  const facts = (
    servers: Readonly<Record<string, 'ready' | 'lost' | 'draining' | 'maintenance'>>,
    unassigned: readonly string[] = [],
    misplaced: readonly string[] = [],
    offPin: readonly string[] = [],
    rescues: readonly string[] = [],
  ): FleetFacts => ({
    servers: new Map(Object.entries(servers).map(([id, state]) => [s(id), state])),
    unassigned: unassigned.map(r),
    misplaced: misplaced.map(r),
    offPin: offPin.map(r),
    rescues: rescues.map(p),
  });
  const before = facts({ s1: 'ready', s2: 'ready' });

  it.each([
    ['a server that is lost', facts({ s1: 'lost', s2: 'ready' }), 's1 is lost'],
    ['a server that drains', facts({ s1: 'ready', s2: 'draining' }), 's2 is draining'],
    ['a server that joined', facts({ s1: 'ready', s2: 'ready', s3: 'ready' }), 's3 joined'],
    ['a server that is gone', facts({ s1: 'ready' }), 's2 was removed'],
    [
      'a resource without a server',
      facts({ s1: 'ready', s2: 'ready' }, ['a']),
      'a without a server',
    ],
    [
      'resources that their server may not serve',
      facts({ s1: 'ready', s2: 'ready' }, [], ['a', 'b']),
      '2 resources on a server that may not serve them',
    ],
    [
      'a resource that was pinned to another server',
      facts({ s1: 'ready', s2: 'ready' }, [], [], ['a']),
      'a elsewhere than pinned',
    ],
    [
      'the end of a plan that gave what was lost new servers',
      facts({ s1: 'ready', s2: 'ready' }, [], [], [], ['7']),
      'plan 7 gave what was lost new servers',
    ],
  ])('is %s', (_what, after, detail) => {
    expect(eventTrigger(before, after)).toEqual({ kind: 'event', detail });
  });

  it('is the loss, when a server joins at the same time', () => {
    const after = facts({ s1: 'lost', s2: 'ready', s3: 'ready' });
    expect(eventTrigger(before, after)?.detail).toBe('s1 is lost');
  });

  it('is none when nothing changed, nor when what was known stays so', () => {
    expect(eventTrigger(before, before)).toBeUndefined();
    const homeless = facts({ s1: 'ready' }, ['a'], ['b']);
    expect(eventTrigger(homeless, homeless)).toBeUndefined();
  });

  it('is the return of a server that was away', () => {
    expect(eventTrigger(facts({ s1: 'lost' }), facts({ s1: 'ready' }))?.detail).toBe(
      's1 is ready again',
    );
  });
});
