import { describe, expect, it } from '@jest/globals';
import { SeededRng } from '../../../core/rng.js';
import { NEIGHBOURS, PATTERN_STEPS, Patterns } from '../../../models/patterns.js';
import type { Span } from '../../../models/patterns.js';

const STEPS = 700;
const HORIZON = 24;

/** All candidates one by one, each compared with every one that was kept. */
function plainly(roots: Float32Array, origin: number, spans: readonly Span[]): number[] {
  let kept: { end: number; distance: number }[] = [];
  for (const { from, to } of spans) {
    for (let end = to; end >= from; end--) {
      let distance = 0;
      for (let i = 0; i < PATTERN_STEPS; i++) {
        const weight = 1.5 - i / PATTERN_STEPS;
        distance += weight * Math.abs(roots[origin - 1 - i]! - roots[end - 1 - i]!);
      }
      if (kept.length === NEIGHBOURS && distance >= kept.at(-1)!.distance) continue;
      const isNextTo = (other: { end: number }): boolean => Math.abs(other.end - end) < 2;
      if (kept.some((other) => isNextTo(other) && other.distance <= distance)) continue;
      kept = kept.filter((other) => !isNextTo(other));
      kept.push({ end, distance });
      kept.sort((a, b) => a.distance - b.distance);
      kept.length = Math.min(kept.length, NEIGHBOURS);
    }
  }
  return kept.map(({ end }) => end);
}

const LOADS: Readonly<Record<string, (step: number, chance: () => number) => number>> = {
  'a smooth load': (step) => 5 + Math.sin(step / 20) + Math.cos(step / 131),
  'a restless load': (_, chance) => chance(),
  'a load with spikes': (step, chance) => (step % 37 === 0 ? 9 : 1) + chance() / 8,
  'a load that grows': (step, chance) => step / 50 + chance(),
};

describe('Patterns', () => {
  for (const [name, load] of Object.entries(LOADS)) {
    it(`finds in ${name} what looking at every candidate finds`, () => {
      const rng = new SeededRng(1);
      const chance = (): number => rng.next();
      const roots = Float32Array.from({ length: STEPS }, (_, step) => load(step, chance));
      for (const start of [0, 100, 560]) {
        const patterns = new Patterns(STEPS);
        patterns.take(roots, start);
        for (let origin = STEPS; origin > start + PATTERN_STEPS; origin -= 23) {
          const spans = [
            { from: start + PATTERN_STEPS, to: Math.min(STEPS, origin) - HORIZON },
            { from: origin + HORIZON + PATTERN_STEPS, to: STEPS - HORIZON },
          ];
          const count = patterns.find(origin, spans);
          expect([...patterns.ends.subarray(0, count)]).toEqual(plainly(roots, origin, spans));
        }
      }
    });
  }

  it('finds all there is where that is little', () => {
    const roots = new Float32Array(STEPS).fill(1);
    const patterns = new Patterns(STEPS);
    patterns.take(roots, 0);
    expect(patterns.find(STEPS, [{ from: 20, to: 20 }])).toBe(1);
    expect(patterns.ends[0]).toBe(20);
    expect(patterns.find(STEPS, [{ from: 20, to: 10 }])).toBe(0);
  });
});
