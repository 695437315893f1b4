import { SAFE_QUANTILE } from '../../core/table-store/policy.js';
import type { TrialFigures } from './trial-tally.js';
import type { Trial } from './trials.js';

export interface QuantileTrial extends Trial {
  readonly quantile: number;
}

/** A better one must have less overload by this share, in the part by which it is chosen, … */
const GAIN_MIN = 0.1;
/** … by so many minutes of all servers, … */
const GAIN_MINUTES_MIN = 30;
/** … and by this share in the later part, too. */
const CONFIRMED_GAIN_MIN = 0.05;
/** On so many days at least it must have had less, and on so many times as many as it had more. */
export const BETTER_DAYS_MIN = 3;
const BETTER_DAYS_RATIO = 2;
/** Moves a resource and day that it may cost; one that is in force may cost what it does. */
const MOVES_MAX = 0.6;

/** Overloads that differ by less than this share are equal: then the one that is nearest to the safe quantile. */
const EQUAL_SHARE = 0.05;

/**
 * The quantile to plan for: the one with the least overload in the earlier part of the history, if it is clearly better
 * than the one in force there, and the later part, which had no say, bears it out. Else all stays as it is, so that it
 * does not go back and forth. @param current among the trials
 */
export function chosenQuantile(trials: readonly QuantileTrial[], current: number): number {
  const now = trials.find(({ quantile }) => quantile === current);
  if (now === undefined) return current;
  const affordable = trials.filter(({ choosing }) => costsLittle(choosing, now.choosing));
  const least = Math.min(...affordable.map(({ choosing }) => choosing.overloadMinutes));
  const best = affordable
    .filter(({ choosing }) => choosing.overloadMinutes <= (1 + EQUAL_SHARE) * least)
    .sort((a, b) => fromSafe(a) - fromSafe(b) || a.quantile - b.quantile)[0];
  if (best === undefined || best.quantile === current) return current;
  return isClearlyBetter(best, now) ? best.quantile : current;
}

function isClearlyBetter(best: Trial, now: Trial): boolean {
  const gained = now.choosing.overloadMinutes - best.choosing.overloadMinutes;
  const confirmed = now.judging.overloadMinutes - best.judging.overloadMinutes;
  return (
    gained >= GAIN_MINUTES_MIN &&
    gained >= GAIN_MIN * now.choosing.overloadMinutes &&
    confirmed > 0 &&
    confirmed >= CONFIRMED_GAIN_MIN * now.judging.overloadMinutes &&
    isBetterByDays(best, now) &&
    costsLittle(best.judging, now.judging)
  );
}

/** Overload comes in spells: a single one of them is no evidence. */
function isBetterByDays(best: Trial, now: Trial): boolean {
  const gains = now.days.map((minutes, day) => minutes - (best.days[day] ?? minutes));
  const better = gains.filter((gain) => gain > 0).length;
  const worse = gains.filter((gain) => gain < 0).length;
  return better >= BETTER_DAYS_MIN && better >= BETTER_DAYS_RATIO * worse;
}

function costsLittle(one: TrialFigures, now: TrialFigures): boolean {
  return one.movesPerResourceDay <= Math.max(MOVES_MAX, now.movesPerResourceDay);
}

/** In hundredths, so that two on either side are equally far. */
function fromSafe({ quantile }: QuantileTrial): number {
  return Math.round(100 * Math.abs(quantile - SAFE_QUANTILE));
}
