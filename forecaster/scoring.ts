import type { ServerId } from '../core/domain.js';
import type { ForecastRun, MetricStore, Said, Score } from '../core/metric-store/port.js';
import { rowOf } from '../core/panel.js';
import type { Grid } from '../core/panel.js';
import type { SeriesKey } from '../core/sample.js';
import type { Tenures } from '../core/table-store/tenures.js';
import { residentsDuring } from '../core/table-store/tenures.js';
import type { BreachTally } from './breach-tally.js';
import type { ScoreTally } from './score-tally.js';
import { scoresOf } from './scores.js';

/** So many series are scored a round. */
const SERIES_MAX = 500;
/** So much of what was said is in memory at once: one step of all of them, or a week of sixteen. */
const SAID_MAX = 100_000;

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
  for await (const { row, key, spoken } of spokenOf(series, leads, grid, {
    metricStore,
    tenures,
  })) {
    const values = rowOf(panel, row);
    const valueAt = (timeMs: number): number => values[(timeMs - known.startMs) / stepMs] ?? NaN;
    for (const { leadMs, fair } of spoken) {
      const found = scoresOf({ series: key, leadMs, said: fair, cameAt: valueAt });
      scores.push(...found);
      if (key.metric !== 'utilization') continue;
      for (const score of found) {
        const naive = Math.abs(valueAt(score.timeMs) - valueAt(score.timeMs - leadMs));
        if (Number.isFinite(naive)) tally.add(score, naive);
      }
    }
    note(key, { spoken, grid, valueAt }, breaches);
  }
  if (scores.length > 0) await metricStore.writeScores(scores);
}

/**
 * What a process that begins must know of the time before it to judge: the same of the servers' utilizations, which were scored
 * already. @throws ERR_STORE_UNAVAILABLE
 */
export async function recallWhatWasSaid(
  { block, leads }: Pick<ForecastRun, 'block' | 'leads'>,
  grid: Grid,
  { metricStore, tenures, breaches }: Omit<ScoringParts, 'tally'>,
): Promise<void> {
  breaches.clear();
  const isJudged = (key: SeriesKey): boolean => utilizedServer(key) !== undefined;
  const series = block.series.filter(isJudged).slice(0, SERIES_MAX);
  const panel = await metricStore.readPanel({ series, ...grid });
  for await (const { row, key, spoken } of spokenOf(series, leads, grid, {
    metricStore,
    tenures,
  })) {
    const values = rowOf(panel, row);
    const valueAt = (timeMs: number): number =>
      values[(timeMs - grid.startMs) / grid.stepMs] ?? NaN;
    note(key, { spoken, grid, valueAt }, breaches);
  }
}

interface Spoken {
  readonly leadMs: number;
  /** What may be compared with what came. */
  readonly fair: readonly Said[];
  /** The server got or gave away a resource since it was said. */
  readonly overtaken: readonly Said[];
}

/** What was said of the steps of `grid`, by lead, of one series after the other; read for as many at once as are small. */
async function* spokenOf(
  series: readonly SeriesKey[],
  leads: readonly number[],
  { startMs, stepMs, steps }: Grid,
  { metricStore, tenures }: Pick<ScoringParts, 'metricStore' | 'tenures'>,
): AsyncGenerator<{ readonly row: number; readonly key: SeriesKey; readonly spoken: Spoken[] }> {
  const range = { fromMs: startMs, toMs: startMs + steps * stepMs };
  const leadsMs = leads.map((lead) => lead * stepMs);
  const together = Math.max(1, Math.floor(SAID_MAX / Math.max(1, leads.length * steps)));
  for (let first = 0; first < series.length; first += together) {
    const part = series.slice(first, first + together);
    const said = await metricStore.readSaidOfMany({ series: part, leadsMs, ...range });
    for (const [at, key] of part.entries()) {
      const spoken = leadsMs.map((leadMs, lead) =>
        spokenAt(key, { leadMs, stepMs, said: said[at]?.[lead] ?? [] }, tenures),
      );
      yield { row: first + at, key, spoken };
    }
  }
}

function spokenAt(
  key: SeriesKey,
  {
    leadMs,
    stepMs,
    said,
  }: { readonly leadMs: number; readonly stepMs: number; readonly said: readonly Said[] },
  tenures: Tenures,
): Spoken {
  const isSame = ({ timeMs }: Said): boolean =>
    key.subject === 'resource' ||
    residentsDuring(tenures.get(key.id) ?? [], timeMs - leadMs, timeMs + stepMs) !== undefined;
  const fair: Said[] = [];
  const overtaken: Said[] = [];
  for (const one of said) (isSame(one) ? fair : overtaken).push(one);
  return { leadMs, fair, overtaken };
}

function note(
  key: SeriesKey,
  {
    spoken,
    grid: { startMs, stepMs, steps },
    valueAt,
  }: {
    readonly spoken: readonly Spoken[];
    readonly grid: Grid;
    readonly valueAt: (timeMs: number) => number;
  },
  breaches: BreachTally,
): void {
  const server = utilizedServer(key);
  if (server === undefined) return;
  breaches.note(server, {
    stepMs,
    came: Array.from({ length: steps }, (_, step) => {
      const timeMs = startMs + step * stepMs;
      return { timeMs, value: valueAt(timeMs) };
    }),
    ahead: spoken.map(({ leadMs, fair }) => ({ leadMs, said: fair })),
    overtaken: spoken.map(({ leadMs, overtaken }) => ({ leadMs, said: overtaken })),
  });
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
