import { fail } from '../errors.js';
import type { SeriesKey } from '../sample.js';
import type { KeyedLog } from './keyed-log.js';
import type { MetricStoreLimits } from './limits.js';
import type { Score } from './port.js';

/** The scores of one series and lead. */
export interface Scores {
  readonly series: SeriesKey;
  readonly leadMs: number;
  /** In band, absolute error, pinball. */
  readonly log: KeyedLog;
}

/** @throws ERR_LIMIT_REACHED */
export function pushScores(
  scores: Score[],
  { series, leadMs, log }: Scores,
  {
    fromMs,
    toMs,
    limits: { scoresMax },
  }: { readonly fromMs: number; readonly toMs: number; readonly limits: MetricStoreLimits },
): void {
  const { times, values } = log;
  for (let at = log.indexOf(fromMs); at < times.length && times[at]! < toMs; at++) {
    if (scores.length === scoresMax) {
      fail('ERR_LIMIT_REACHED', { limit: scoresMax, what: 'scores a read' });
    }
    const from = 3 * at;
    scores.push({
      series,
      timeMs: times[at]!,
      leadMs,
      inBand: values[from] === 0 ? 0 : 1,
      absoluteError: values[from + 1]!,
      pinball: values[from + 2]!,
    });
  }
}
