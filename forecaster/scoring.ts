import type { ForecastRun, MetricStore, Score } from '../core/metric-store/port.js';
import { rowOf } from '../core/panel.js';
import type { Grid } from '../core/panel.js';
import type { Tenures } from '../core/table-store/tenures.js';
import { residentsDuring } from '../core/table-store/tenures.js';
import { scoresOf } from './scores.js';

/** So many series are scored a round: servers first, since they are what plans are about. */
const SERIES_MAX = 500;

/**
 * Compares what earlier rounds said of the steps of `grid` with what came, and writes the scores down. A step
 * that nobody measured is not scored, nor one of a server that got or gave away a resource since it was said: a
 * plan is no error of the forecast. @throws ERR_STORE_UNAVAILABLE
 */
export async function scoreWhatWasSaid(
  { block, leads }: Pick<ForecastRun, 'block' | 'leads'>,
  grid: Grid,
  metricStore: MetricStore,
  tenures: Tenures,
): Promise<void> {
  const { startMs, stepMs, steps } = grid;
  const servers = block.series.filter(({ subject }) => subject === 'server');
  const others = block.series.filter(({ subject }) => subject !== 'server');
  const series = [...servers, ...others].slice(0, SERIES_MAX);
  const panel = await metricStore.readPanel({ series, ...grid });
  const scores: Score[] = [];
  for (const [row, key] of series.entries()) {
    const values = rowOf(panel, row);
    for (const lead of leads) {
      const leadMs = lead * stepMs;
      const range = { fromMs: startMs, toMs: startMs + steps * stepMs };
      const said = await metricStore.readSaid({ series: key, leadMs, ...range });
      const isSame = (timeMs: number): boolean =>
        key.subject === 'resource' ||
        residentsDuring(tenures.get(key.id) ?? [], timeMs - leadMs, timeMs + stepMs) !== undefined;
      const cameAt = (timeMs: number): number =>
        isSame(timeMs) ? (values[(timeMs - startMs) / stepMs] ?? NaN) : NaN;
      scores.push(...scoresOf({ series: key, leadMs, said, cameAt }));
    }
  }
  if (scores.length > 0) await metricStore.writeScores(scores);
}
