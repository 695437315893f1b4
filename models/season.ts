import type { Shape } from './model.js';

export interface Season {
  /** Short, for names of models: `1h`, `1d`. */
  readonly name: string;
  readonly steps: number;
}

export interface SeasonShape extends Shape {
  readonly season: Season;
}

const UNITS = [
  ['w', 604_800_000],
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
] as const;

/** Too short a season is no season, only neighbouring steps. */
const STEPS_MIN = 4;

/**
 * The seasons of whole steps that a history of `historySteps` holds twice or more, ascending. Others say
 * nothing that could be checked.
 */
export function usableSeasons(
  seasonsMs: readonly number[],
  { stepMs, historySteps }: { readonly stepMs: number; readonly historySteps: number },
): Season[] {
  return [...new Set(seasonsMs)]
    .sort((a, b) => a - b)
    .map((ms) => ({ name: nameOf(ms), steps: Math.round(ms / stepMs) }))
    .filter(({ steps }) => steps >= STEPS_MIN && steps * 2 <= historySteps);
}

function nameOf(ms: number): string {
  const [unit, length] = UNITS.find(([, length]) => ms % length === 0) ?? ['ms', 1];
  return `${ms / length}${unit}`;
}
