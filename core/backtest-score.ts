import { z } from 'zod';
import { countSchema, finiteSchema } from './schema.js';
import { counted, durationWords, shareWords } from './text.js';

/* How good the forecasts of the fleet's own history would have been, in an operator's words. */

export const backtestScoreSchema = z.object({
  /** When it was found. */
  atMs: finiteSchema,
  /** Resources and their dimensions that could be judged, and the forecasts of them. */
  series: countSchema,
  forecasts: countSchema,
  /** What was judged lies between these. Null: nothing could be, for want of history. */
  fromMs: finiteSchema.nullable(),
  toMs: finiteSchema.nullable(),
  /** Error of P50, and of the highest step, by that of saying that all is as a season before; null: not known. */
  errorRatio: finiteSchema.nullable(),
  peakErrorRatio: finiteSchema.nullable(),
  /** Share of the steps that stayed below P90: 0.9 is right. */
  coverage90: finiteSchema.nullable(),
  /** Spells above what each was below for 95 % of its first days; median of how long before they were called. */
  called: countSchema,
  missed: countSchema,
  false: countSchema,
  leadMs: finiteSchema.nullable(),
});
export type BacktestScore = Readonly<z.output<typeof backtestScoreSchema>>;

/** One sentence: error, band, spells called, and of how much that is said. */
export function backtestWords(score: BacktestScore): string {
  const { fromMs, toMs, errorRatio, coverage90, series, leadMs } = score;
  if (fromMs === null || toMs === null) return 'there is too little history to judge by';
  const error = errorRatio === null ? 'no error known' : `error ${shareWords(errorRatio)}`;
  const below = coverage90 === null ? 'none' : shareWords(coverage90);
  const ahead = leadMs === null ? '' : `, ${durationWords(leadMs)} ahead (median)`;
  return [
    `${error} of saying that all is as a season before`,
    `${below} of what came was below P90 (90 % is right)`,
    `${score.called} of ${counted(score.called + score.missed, 'high spell')} called${ahead}`,
    `${counted(score.false, 'false alarm')}; on ${series} series over ${durationWords(toMs - fromMs)}`,
  ].join(', ');
}
