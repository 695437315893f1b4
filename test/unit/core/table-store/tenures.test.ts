import { describe, expect, it } from '@jest/globals';
import { residentsDuring, tenuresOf } from '../../../../core/table-store/tenures.js';
import { ControlPlane } from '../../../support/control-plane.js';
import { r, s } from '../../../support/names.js';

describe('tenures', () => {
  it('tell who had what when, also before the last move', async () => {
    const plane = await ControlPlane.with(['s1', 's2'], { a: 's1@1.5', b: 's1@1.6' });
    const startMs = plane.clock.realtimeMs();
    await plane.applied([plane.move('a', 's2')], startMs + 1000);
    await plane.applied([plane.move('a', 's1')], startMs + 5000);
    const tenures = tenuresOf(plane.view);
    expect(tenures.get(s('s2'))).toEqual([
      { resource: r('a'), fromMs: startMs + 1000, untilMs: startMs + 5000 },
    ]);
    expect(tenures.get(s('s1'))).toEqual([
      { resource: r('a'), fromMs: startMs + 5000, untilMs: Infinity },
      { resource: r('b'), fromMs: startMs, untilMs: Infinity },
      { resource: r('a'), fromMs: -Infinity, untilMs: startMs + 1000 },
    ]);
  });

  it('do not count a batch that was not applied', async () => {
    const plane = await ControlPlane.with(['s1', 's2'], { a: 's1@1.5' });
    expect(tenuresOf(plane.view).get(s('s2'))).toBeUndefined();
  });
});

describe('the residents of a stretch', () => {
  const tenures = [
    { resource: r('a'), fromMs: -Infinity, untilMs: 100 },
    { resource: r('b'), fromMs: 50, untilMs: Infinity },
  ];

  it.each([
    [0, 50, ['a']],
    [50, 100, ['a', 'b']],
    [100, 150, ['b']],
  ])('from %i to %i are those that fill it', (fromMs, untilMs, residents) => {
    expect(residentsDuring(tenures, fromMs, untilMs)).toEqual(residents);
  });

  it('are not known where one began or ended in it', () => {
    expect(residentsDuring(tenures, 40, 60)).toBeUndefined();
    expect(residentsDuring(tenures, 90, 110)).toBeUndefined();
  });
});
