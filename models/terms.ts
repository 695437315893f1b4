import type { Season } from './season.js';

/**
 * What a regression for the value h steps after t looks at: x(t + min(0, base + h·moves)). A lag stays where it
 * is (moves 0), a slot goes with the step that is forecast (moves 1).
 */
export interface Terms {
  readonly count: number;
  readonly base: Int32Array;
  readonly moves: Uint8Array;
  /** Numbers of leading terms that make sense by themselves, ascending: a short history uses fewer. */
  readonly cuts: readonly number[];
}

export const LAGS = 12;
/** Of a season shorter than the horizon, such as the hour within days: so many latest whole ones. */
const SHORT_SLOTS = 3;
/** Around the same slot of earlier seasons, to both sides. */
const NEAR_STEPS = 2;
/** How many earlier seasons count: of the shortest long season (the day), of longer ones (the week). */
const LONG_CYCLES = [2, 1] as const;

export function termsOf(seasons: readonly Season[], horizonSteps: number): Terms {
  const base: number[] = [];
  const moves: number[] = [];
  const cuts: number[] = [];
  for (let lag = 0; lag < LAGS; lag++) base.push(-lag);
  moves.push(...base.map(() => 0));
  cuts.push(base.length);
  const add = (offsets: readonly number[]): void => {
    base.push(...offsets);
    moves.push(...offsets.map(() => 1));
    cuts.push(base.length);
  };
  for (const { steps } of seasons.filter(({ steps }) => steps < horizonSteps)) {
    const nearest = Math.ceil((horizonSteps + LAGS) / steps);
    add(Array.from({ length: SHORT_SLOTS }, (_, k) => -(nearest + k) * steps));
  }
  const long = seasons.filter(({ steps }) => steps >= horizonSteps);
  for (const [index, { steps }] of long.entries()) {
    const near = index === 0 ? NEAR_STEPS : NEAR_STEPS - 1;
    for (let cycle = 1; cycle <= (LONG_CYCLES[index] ?? 0); cycle++) {
      add(Array.from({ length: 2 * near + 1 }, (_, d) => d - near - cycle * steps));
    }
  }
  return { count: base.length, base: Int32Array.from(base), moves: Uint8Array.from(moves), cuts };
}

export function offsetOf({ base, moves }: Terms, term: number, h: number): number {
  const offset = base[term]! + h * moves[term]!;
  return offset < 0 ? offset : 0;
}

/** How far behind t the first `count` terms reach. */
export function reachOf({ base }: Terms, count: number): number {
  let reach = 0;
  for (let term = 0; term < count; term++) reach = Math.max(reach, -base[term]!);
  return reach;
}
