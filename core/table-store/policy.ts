import type { Config } from '../config/schema.js';
import type { KnownRecords } from './known-records.js';
import { TUNING } from './records/tuning.js';
import type { TuningRecord } from './records/tuning.js';

/** Of demand, that is planned for until a tuning has found a better one. */
export const SAFE_QUANTILE = 0.85;

/**
 * Of a fleet of which no day is known twice, so that nothing of its course is foreseen. The spreads are then all that there is to go by,
 * and the tail beyond them counts (docs/decisions/0017).
 */
const YOUNG_QUANTILE = 0.95;
const YOUNG_MS = 2 * 86_400_000;

/** What the planner goes by. */
export type PlannerOptions = Omit<Config['planner'], 'quantile'> & {
  readonly quantile: number;
  /** What is known of the highest step counts at every step. */
  readonly countsTail: boolean;
};

/** What is known of the fleet. */
export interface History {
  /** The most steps that the load of a resource has been known for; undefined: nobody wrote that down, so for long. */
  readonly stepsKnown?: number | undefined;
  readonly stepMs: number;
}

/** The config's options with the quantile that holds: the config's own, else the tuned one, else the safe one. */
export function plannerOptions(
  planner: Config['planner'],
  view: KnownRecords,
  history: History,
): PlannerOptions {
  const { quantile, origin } = policyOf(planner, view, history);
  return { ...planner, quantile, countsTail: origin === 'young' };
}

export interface Policy {
  readonly quantile: number;
  /** `pinned`: by the config. `young`: the tail counts as well. */
  readonly origin: 'pinned' | 'tuned' | 'young' | 'default';
  /** Of the last tuning. */
  readonly tuning: TuningRecord | undefined;
}

export function policyOf(
  { quantile }: Pick<Config['planner'], 'quantile'>,
  view: KnownRecords,
  { stepsKnown = Infinity, stepMs }: History,
): Policy {
  const tuning = view.get(TUNING, 'planner')?.value;
  if (quantile !== undefined) return { quantile, origin: 'pinned', tuning };
  if (tuning?.sinceMs != null) return { quantile: tuning.quantile, origin: 'tuned', tuning };
  if (stepsKnown * stepMs < YOUNG_MS) return { quantile: YOUNG_QUANTILE, origin: 'young', tuning };
  return { quantile: SAFE_QUANTILE, origin: 'default', tuning };
}

/** One sentence on what is planned for, why, and what it is expected to gain. */
export function policyWords({ quantile, origin, tuning }: Policy): string {
  const plans = `plans for ${level(quantile)}`;
  const why = {
    pinned: 'pinned by the config',
    tuned: 'tuned',
    young: 'and the tail beyond it, while no day is known twice',
    default: 'the safe default',
  }[origin];
  return `${plans}, ${why}: ${tuning === undefined ? 'nothing was tried yet' : found(tuning)}`;
}

function found(tuning: TuningRecord): string {
  const { verdict, history } = tuning;
  if (verdict === 'learning') return 'there is too little history to try others on';
  if (verdict === 'too-large') return 'the fleet is too large to try others';
  if (history === null) return 'nothing was tried';
  const days = (history.toMs - history.judgedFromMs) / 86_400_000;
  const on = `on the last ${Number(days.toFixed(1))} days of history`;
  const chosen = figuresOf(tuning, tuning.chosen);
  if (tuning.chosen === tuning.before) return `none was clearly better ${on} (${chosen})`;
  const before = figuresOf(tuning, tuning.before);
  return `${level(tuning.chosen)} has ${chosen} ${on}, ${level(tuning.before)} ${before}`;
}

function figuresOf({ trials }: TuningRecord, quantile: number): string {
  const judging = trials.find((trial) => trial.quantile === quantile)?.judging;
  if (judging === undefined) return 'not tried';
  const minutes = Number(judging.overloadMinutesPerServerDay.toPrecision(3));
  const moves = Number(judging.movesPerResourceDay.toPrecision(2));
  return `${minutes} overload minutes a server and day, ${moves} moves a resource and day`;
}

function level(quantile: number): string {
  return `P${Math.round(100 * quantile)}`;
}
