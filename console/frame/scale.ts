/*
 * How full is shown in colour: blues that grow darker (in the dark: brighter) up to what plans aim below, then amber, then
 * vermilion: told apart by lightness alone, and by people who see few colours. A colour never says it alone: the number is beside it
 * or one key away, and what crosses a limit has a "!".
 */

/** Lower bounds of the levels, as shares of the capacity. */
export const LEVELS = [0, 0.15, 0.3, 0.45, 0.6, 0.75, 0.9, 1] as const;

export interface LevelWords {
  readonly level: number;
  readonly text: string;
}

/** From 0 to the last; what is beyond the capacity is the last. */
export function levelOf(share: number): number {
  let level = 0;
  while (level + 1 < LEVELS.length && share >= (LEVELS[level + 1] ?? Infinity)) level++;
  // Exactly full is not over.
  return share <= 1 ? Math.min(level, LEVELS.length - 2) : LEVELS.length - 1;
}

/** What each level means, for the legend. */
export function legendWords(): LevelWords[] {
  return LEVELS.map((from, level) => ({
    level,
    text: level === LEVELS.length - 1 ? 'over' : `${Math.round(100 * from)}`,
  }));
}
