import type { ServerId } from '../core/domain.js';
import type { ForecastRun, MetricStore, Score } from '../core/metric-store/port.js';
import { rowOf } from '../core/panel.js';
import type { Grid } from '../core/panel.js';
import type { SeriesKey } from '../core/sample.js';
import type { Tenures } from '../core/table-store/tenures.js';
import { residentsDuring } from '../core/table-store/tenures.js';
import type { BreachTally } from './breach-tally.js';
import type { SaidAhead } from './breaches.js';
import type { ScoreTally } from './score-tally.js';
import { scoresOf } from './scores.js';

/** So many series are scored a round. */
const SERIES_MAX = 500;

export interface ScoringParts {
  readonly metricStore: MetricStore;
  readonly tenures: Tenures;
  /** How well servers' utilizations were forecast: what plans are made by. */
  readonly tally: ScoreTally;
  readonly breaches: BreachTally;
}

/**
 * Compares what earlier rounds said of the steps of `grid` with what came, and writes the scores down. A step
 * that nobody measured is not scored, nor one of a server that got or gave away a resource since it was said: a
 * plan is no error of the forecast. @throws ERR_STORE_UNAVAILABLE
 */
export async function scoreWhatWasSaid(
  { block, leads }: Pick<ForecastRun, 'block' | 'leads'>,
  grid: Grid,
  { metricStore, tenures, tally, breaches }: ScoringParts,
): Promise<void> {
  const { startMs, stepMs, steps } = grid;
  const series = [...block.series].sort((a, b) => rankOf(a) - rankOf(b)).slice(0, SERIES_MAX);
  // Back to what was measured last when the first of it was said.
  const back = Math.max(0, ...leads);
  const known = { startMs: startMs - back * stepMs, stepMs, steps: steps + back };
  const panel = await metricStore.readPanel({ series, ...known });
  const scores: Score[] = [];
  for (const [row, key] of series.entries()) {
    const values = rowOf(panel, row);
    const valueAt = (timeMs: number): number => values[(timeMs - known.startMs) / stepMs] ?? NaN;
    const ahead: SaidAhead[] = [];
    for (const lead of leads) {
      const leadMs = lead * stepMs;
      const range = { fromMs: startMs, toMs: startMs + steps * stepMs };
      const said = await metricStore.readSaid({ series: key, leadMs, ...range });
      const isSame = (timeMs: number): boolean =>
        key.subject === 'resource' ||
        residentsDuring(tenures.get(key.id) ?? [], timeMs - leadMs, timeMs + stepMs) !== undefined;
      const cameAt = (timeMs: number): number => (isSame(timeMs) ? valueAt(timeMs) : NaN);
      const found = scoresOf({ series: key, leadMs, said, cameAt });
      scores.push(...found);
      ahead.push({ leadMs, said: said.filter(({ timeMs }) => isSame(timeMs)) });
      if (key.metric !== 'utilization') continue;
      for (const score of found) {
        const naive = Math.abs(valueAt(score.timeMs) - valueAt(score.timeMs - leadMs));
        if (Number.isFinite(naive)) tally.add(score, naive);
      }
    }
    const server = utilizedServer(key);
    if (server !== undefined) {
      const came = Array.from({ length: steps }, (_, step) => {
        const timeMs = startMs + step * stepMs;
        return { timeMs, value: valueAt(timeMs) };
      });
      breaches.note(server, { stepMs, came, ahead });
    }
  }
  if (scores.length > 0) await metricStore.writeScores(scores);
}

/** How full servers are comes first, since it is what plans and alerts are about; then what fills them. */
function rankOf({ subject, metric }: SeriesKey): number {
  if (subject === 'resource') return 2;
  return metric === 'utilization' ? 0 : 1;
}

/** Of a series that is a server's utilization. */
function utilizedServer({ subject, id, metric }: SeriesKey): ServerId | undefined {
  return subject === 'server' && metric === 'utilization' ? id : undefined;
}
