import { z } from 'zod';
import { counted, durationWords, shareWords } from './text.js';
import { countSchema, finiteSchema } from './schema.js';

/* How good the forecasts of servers' utilizations turned out, in an operator's words. */

/** Utilization above which a server counts as overloaded: a load that is measured cannot pass a capacity that is all it has. */
export const FULL = 0.95;

export const forecastScoreSchema = z.object({
  /** So far back it goes, as far as there was something to judge. */
  windowMs: finiteSchema,
  /** Spells in which a server was overloaded, and that was said before; median of how long before, null if none was. */
  called: countSchema,
  leadMs: finiteSchema.nullable(),
  /** Such spells that nobody called. */
  missed: countSchema,
  /** Spells that were called, and did not come though nothing was moved. */
  false: countSchema,
  /** Spells that were called, and something was moved: nobody knows whether they would have come. */
  answered: countSchema,
  /** Steps, by server and lead, of which it is known whether they came out within P10 to P90. */
  compared: countSchema,
  /** The share of them that did, or all but; 0.8 is right. Null: none was compared. */
  coverage: finiteSchema.nullable(),
});
export type ForecastScore = Readonly<z.output<typeof forecastScoreSchema>>;

/** "overloads within 24 h: 9 of 11 called, 14 min ahead (median); 2 false alarms, 3 answered by moves; coverage 83 %". */
export function scoreWords(score: ForecastScore): string {
  const { windowMs, called, missed, false: wrong, answered, leadMs, coverage } = score;
  const came = called + missed;
  const ahead = leadMs === null ? '' : `, ${durationWords(leadMs)} ahead (median)`;
  const calls = came === 0 ? 'none came' : `${called} of ${came} called${ahead}`;
  const moved = answered === 0 ? '' : `, ${answered} answered by moves`;
  const band = coverage === null ? 'no coverage yet' : `coverage ${shareWords(coverage)}`;
  return `overloads within ${durationWords(windowMs)}: ${calls}; ${counted(wrong, 'false alarm')}${moved}; ${band}`;
}
