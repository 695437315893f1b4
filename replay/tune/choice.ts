import { SAFE_QUANTILE } from '../../core/table-store/policy.js';
import type { TrialFigures } from './trial-tally.js';
import type { Trial } from './trials.js';

export interface QuantileTrial extends Trial {
  readonly quantile: number;
}

export interface ChoiceRules {
  /** A better one must have less overload by this share, in the part by which it is chosen, … */
  readonly gainMin: number;
  /** … by so many minutes of all servers, … */
  readonly gainMinutesMin: number;
  /** … and by this share in the later part, too. */
  readonly confirmedGainMin: number;
  /** Moves a resource and day that it may cost; one that is in force may cost what it does. */
  readonly movesMax: number;
}

export const CHOICE_RULES: ChoiceRules = {
  gainMin: 0.1,
  gainMinutesMin: 30,
  confirmedGainMin: 0.05,
  movesMax: 0.6,
};

/** Overloads that differ by less than this share are equal: then the one that is nearest to the safe quantile. */
const EQUAL_SHARE = 0.05;

/**
 * The quantile to plan for: the one with the least overload in the earlier part of the history, if it is clearly better
 * than the one in force there, and the later part, which had no say, bears it out. Else all stays as it is, so that it
 * does not go back and forth. @param current among the trials
 */
export function chosenQuantile(
  trials: readonly QuantileTrial[],
  current: number,
  rules: ChoiceRules = CHOICE_RULES,
): number {
  const now = trials.find(({ quantile }) => quantile === current);
  if (now === undefined) return current;
  const affordable = trials.filter(({ choosing }) => costsLittle(choosing, now.choosing, rules));
  const least = Math.min(...affordable.map(({ choosing }) => choosing.overloadMinutes));
  const best = affordable
    .filter(({ choosing }) => choosing.overloadMinutes <= (1 + EQUAL_SHARE) * least)
    .sort((a, b) => fromSafe(a) - fromSafe(b) || a.quantile - b.quantile)[0];
  if (best === undefined || best.quantile === current) return current;
  return isClearlyBetter(best, now, rules) ? best.quantile : current;
}

function isClearlyBetter(best: Trial, now: Trial, rules: ChoiceRules): boolean {
  const gained = now.choosing.overloadMinutes - best.choosing.overloadMinutes;
  const confirmed = now.judging.overloadMinutes - best.judging.overloadMinutes;
  return (
    gained >= rules.gainMinutesMin &&
    gained >= rules.gainMin * now.choosing.overloadMinutes &&
    confirmed > 0 &&
    confirmed >= rules.confirmedGainMin * now.judging.overloadMinutes &&
    costsLittle(best.judging, now.judging, rules)
  );
}

function costsLittle(one: TrialFigures, now: TrialFigures, { movesMax }: ChoiceRules): boolean {
  return one.movesPerResourceDay <= Math.max(movesMax, now.movesPerResourceDay);
}

/** In hundredths, so that two on either side are equally far. */
function fromSafe({ quantile }: QuantileTrial): number {
  return Math.round(100 * Math.abs(quantile - SAFE_QUANTILE));
}
