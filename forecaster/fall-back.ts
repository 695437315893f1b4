import type { Clock } from '../core/clock/port.js';
import type { Config } from '../core/config/schema.js';
import type { Mode } from '../core/domain.js';
import type { ForecastScore } from '../core/forecast-score.js';
import type { Log } from '../core/log.js';
import { audited } from '../core/table-store/audit.js';
import type { TableStore } from '../core/table-store/port.js';
import { MODE } from '../core/table-store/records/plan.js';
import type { TableView } from '../core/table-store/view.js';
import { durationWords, shareWords } from '../core/text.js';
import { modeChange } from './planner/mode-change.js';
import { SELF } from './planner/scheduled.js';

export interface FallBackParts {
  readonly store: TableStore;
  readonly view: TableView;
  readonly clock: Clock;
  readonly log: Log;
  /** How good forecasts were from then on. */
  readonly scoreSince: (sinceMs: number) => ForecastScore;
}

export interface FallBackOptions {
  /** Unless an operator set another one. */
  readonly mode: Mode;
  readonly limits: Config['fallBack'];
  readonly stepMs: number;
}

/**
 * Makes `propose` of `auto` while forecasts are not to be trusted, and writes down why. It stays so, through restarts, until an
 * operator sets the mode; what came before their word is not held against the forecasts again, so that a mode never
 * goes to and fro by itself. @throws ERR_STORE_UNAVAILABLE, ERR_STORE_AMBIGUOUS
 */
export async function fallBack(
  parts: FallBackParts,
  { mode, limits, stepMs }: FallBackOptions,
): Promise<void> {
  const { store, view, clock, log, scoreSince } = parts;
  const current = view.get(MODE, 'current')?.value;
  if ((current?.mode ?? mode) !== 'auto') return;
  const score = scoreSince(current?.sinceMs ?? -Infinity);
  const [fault] = faultsOf(score, limits, stepMs);
  if (fault === undefined) return;
  const fellBack = `fell back from auto to propose, since the forecasts are not to be trusted: within ${durationWords(limits.windowMs)} ${fault}; plans wait for approval until \`foreshift mode auto\``;
  const record = { mode: 'propose', by: SELF, sinceMs: clock.realtimeMs(), fellBack } as const;
  const draft = modeChange(record, view);
  audited(draft, { who: SELF, what: 'mode', detail: fellBack }, { view, clock });
  const { committed } = await store.transact(draft.transaction);
  await view.sync();
  // Else somebody set the mode just now: the next round judges anew.
  if (committed) log.warn({ why: fellBack, ...score }, 'fell back to propose');
}

/** What is wrong with a score, the worst first. What too little is known of is not judged. */
export function faultsOf(
  score: ForecastScore,
  limits: Config['fallBack'],
  stepMs: number,
): string[] {
  const { called, missed, false: wrong, answered, leadMs, compared, coverage } = score;
  const { overloadsMin, missedMax, falseMax, leadStepsMin, comparedMin, coverageMin } = limits;
  const faults: string[] = [];
  // Nobody knows of an answered call whether it was right. It is no reason for distrust: the moves may have kept it from coming.
  const known = called + missed + answered;
  if (known >= overloadsMin && missed / known > missedMax) {
    faults.push(
      `${missed} of ${known} overloads came without a warning (limit ${shareWords(missedMax)})`,
    );
  }
  const calls = called + wrong;
  if (calls >= overloadsMin && wrong / calls > falseMax) {
    faults.push(
      `${wrong} of ${calls} warnings of an overload were false alarms (limit ${shareWords(falseMax)})`,
    );
  }
  if (called >= overloadsMin && leadMs !== null && leadMs < leadStepsMin * stepMs) {
    faults.push(
      `overloads were called ${durationWords(leadMs)} ahead (median; limit ${durationWords(leadStepsMin * stepMs)})`,
    );
  }
  if (coverage !== null && compared >= comparedMin && coverage < coverageMin) {
    faults.push(
      `${shareWords(coverage)} of the loads came out within the band of their forecast (80 % is right, limit ${shareWords(coverageMin)})`,
    );
  }
  return faults;
}
