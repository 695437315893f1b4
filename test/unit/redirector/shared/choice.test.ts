import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { SimulatedClock } from '../../../../core/clock/simulated.js';
import type { ChoicePolicy } from '../../../../core/domain.js';
import { SeededRng } from '../../../../core/rng.js';
import { Choice } from '../../../../redirector/shared/choice.js';
import { ServerLoads } from '../../../../redirector/shared/server-loads.js';

function choiceAmong(weights: readonly number[], policy: ChoicePolicy = 'least-in-flight') {
  const clock = new SimulatedClock();
  const loads = new ServerLoads(clock);
  const choice = new Choice({ loads, rng: new SeededRng(1) }, policy);
  choice.among(weights.map((weight, server) => ({ server, weight })));
  return { clock, loads, choice };
}

/** How often each was chosen. */
function counts(choice: Choice, servers: number, draws: number): number[] {
  const found = new Array<number>(servers).fill(0);
  for (let draw = 0; draw < draws; draw++) found[choice.choose(-1)]! += 1;
  return found;
}

describe('the choice among servers', () => {
  it('is none among none, and the only one among one', () => {
    expect(choiceAmong([]).choice.choose(-1)).toBe(-1);
    expect(choiceAmong([1]).choice.choose(0)).toBe(0);
  });

  it('spreads work that ends at once as the weights say', () => {
    const { choice } = choiceAmong([1, 2, 5]);
    const [a = 0, b = 0, c = 0] = counts(choice, 3, 80_000);
    expect(a / 10_000).toBeCloseTo(1, 1);
    expect(b / 20_000).toBeCloseTo(1, 1);
    expect(c / 50_000).toBeCloseTo(1, 1);
  });

  it('spreads work that stays as the weights say', () => {
    const { choice, loads } = choiceAmong([1, 2, 5]);
    for (let each = 0; each < 8000; each++) loads.entered(choice.choose(-1));
    const under = [0, 1, 2].map((server) => loads.underWay(server));
    expect(Math.abs(under[0]! - 1000)).toBeLessThan(30);
    expect(Math.abs(under[1]! - 2000)).toBeLessThan(60);
    expect(Math.abs(under[2]! - 5000)).toBeLessThan(90);
  });

  it('keeps servers evenly busy: the fullest has hardly more than the others', () => {
    const { choice, loads } = choiceAmong(new Array<number>(50).fill(1));
    for (let each = 0; each < 5000; each++) loads.entered(choice.choose(-1));
    const most = Math.max(...Array.from({ length: 50 }, (_, server) => loads.underWay(server)));
    // ln ln n / ln 2 above the mean (Mitzenmacher); one random choice has about 30 above it.
    expect(most).toBeLessThanOrEqual(100 + 5);
  });

  it('passes over a server that just failed, as long as there is another', () => {
    const { choice } = choiceAmong([1, 1, 100]);
    for (let each = 0; each < 1000; each++) expect(choice.choose(2)).not.toBe(2);
  });

  it('prefers quick servers to slow ones, and comes back to one that has recovered', async () => {
    const { choice, loads, clock } = choiceAmong([1, 1], 'peak-ewma');
    loads.answered(0, 10);
    loads.answered(1, 500);
    expect(counts(choice, 2, 1000)).toEqual([1000, 0]);
    await clock.advance(10_000);
    loads.answered(0, 10);
    await clock.advance(40_000);
    loads.answered(0, 10);
    expect(counts(choice, 2, 1000)[1]).toBeGreaterThan(900);
  });

  it('gives a quick server more than one that takes ten times as long', () => {
    const { choice, loads } = choiceAmong([1, 1], 'peak-ewma');
    loads.answered(0, 10);
    loads.answered(1, 100);
    for (let each = 0; each < 1100; each++) loads.entered(choice.choose(-1));
    expect(loads.underWay(0) / loads.underWay(1)).toBeGreaterThan(8);
    expect(loads.underWay(0) / loads.underWay(1)).toBeLessThan(12);
  });

  it('is always one of the candidates, whatever the weights and the chance', () => {
    const weight = fc.double({ min: 1e-6, max: 1e6, noNaN: true });
    fc.assert(
      fc.property(
        fc.array(weight, { minLength: 1, maxLength: 20 }),
        fc.array(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), {
          minLength: 2,
          maxLength: 20,
        }),
        fc.integer({ min: -1, max: 20 }),
        (weights, draws, avoid) => {
          let at = 0;
          const rng = { next: () => draws[at++ % draws.length]! };
          const choice = new Choice(
            { loads: new ServerLoads(new SimulatedClock()), rng },
            'least-in-flight',
          );
          choice.among(weights.map((each, server) => ({ server, weight: each })));
          draws.forEach(() => {
            const chosen = choice.choose(avoid);
            expect(chosen).toBeGreaterThanOrEqual(0);
            expect(chosen).toBeLessThan(weights.length);
            if (weights.length > 1) expect(chosen).not.toBe(avoid);
          });
        },
      ),
    );
  });
});
