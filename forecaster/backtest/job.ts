import type { BacktestScore } from '../../core/backtest-score.js';
import { backtestWords } from '../../core/backtest-score.js';
import type { Bus, Job } from '../../core/bus/port.js';
import type { Clock } from '../../core/clock/port.js';
import type { Config } from '../../core/config/schema.js';
import type { Json } from '../../core/json.js';
import type { Startable } from '../../core/lifecycle.js';
import type { Log } from '../../core/log.js';
import type { MetricStore } from '../../core/metric-store/port.js';
import type { Grid, Panel } from '../../core/panel.js';
import { gridBefore } from '../../core/panel.js';
import { SeededRng, seedFor, shuffled } from '../../core/rng.js';
import type { SeriesKey } from '../../core/sample.js';
import { Draft } from '../../core/table-store/draft.js';
import type { TableStore } from '../../core/table-store/port.js';
import { BACKTEST } from '../../core/table-store/records/backtest.js';
import { DIMENSIONS } from '../../core/domain.js';
import type { NeuralUse } from '../analysis.js';
import type { HistoryRules } from './history.js';
import { historyRules, knownPart, seriesWithin } from './history.js';
import type { BacktestRunner } from './runner.js';
import type { SeriesScore } from './series-score.js';
import { overallOf } from './series-score.js';

export interface BacktestJobParts {
  readonly store: Pick<TableStore, 'transact'>;
  readonly metricStore: Pick<MetricStore, 'listSeries' | 'readPanel'>;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly log: Log;
  readonly runner: BacktestRunner;
  /** The network that forecasts now; undefined: none does. */
  readonly neural: () => NeuralUse | undefined;
}

export interface BacktestJobOptions {
  readonly backtest: Config['backtest'];
  readonly forecast: Pick<
    Config['forecast'],
    'stepMs' | 'horizonSteps' | 'historySteps' | 'seasonMs'
  >;
  readonly seed: number;
}

/** So many steps of a history at most, however fine its steps are. */
const STEPS_MAX = 8064;

/**
 * The `backtest` job: walks over the fleet's own history as the forecaster would have met it, and leaves how good its
 * forecasts would have been as a record. It changes nothing; one too many does no harm.
 */
export class BacktestJob implements Startable {
  readonly #parts: BacktestJobParts;
  readonly #options: BacktestJobOptions;

  constructor(parts: BacktestJobParts, options: BacktestJobOptions) {
    this.#parts = parts;
    this.#options = options;
  }

  /** @throws ERR_STORE_UNAVAILABLE, ERR_SCHEDULE_INVALID */
  async start(): Promise<void> {
    const { bus } = this.#parts;
    const { run, everyMs } = this.#options.backtest;
    if (run === 'off') {
      await bus.unschedule('backtest');
      return;
    }
    await bus.work('backtest', (job) => this.#run(job));
    await bus.schedule('backtest', { everyMs }, 'backtest', {});
  }

  /** The bus ends what is under way. */
  stop(): Promise<void> {
    return Promise.resolve();
  }

  /** @throws ERR_STORE_UNAVAILABLE, ERR_BACKTEST_LOST */
  async #run(job: Job): Promise<Json> {
    const { clock, log, store } = this.#parts;
    const startedAtMs = clock.monotonicMs();
    job.progress({ phase: 'reading', done: 0, total: 100, message: "the fleet's history" });
    const panel = await this.#history();
    const { horizonSteps } = this.#options.forecast;
    const rules = historyRules(panel.grid, horizonSteps);
    const scores = rules === undefined ? [] : await this.#judged(panel, rules, job);
    const score = scoreOf(scores, { grid: panel.grid, horizonSteps, atMs: clock.realtimeMs() });
    await store.transact(new Draft().put(BACKTEST, 'last', score).transaction);
    const message = backtestWords(score);
    job.progress({ phase: 'done', done: 100, total: 100, message });
    const { series, forecasts, errorRatio, coverage90 } = score;
    const ms = Math.round(clock.monotonicMs() - startedAtMs);
    log.info({ series, forecasts, errorRatio, coverage90, words: message, ms }, 'backtest ended');
    return { series, errorRatio };
  }

  #judged(panel: Panel, rules: HistoryRules, job: Job): Promise<SeriesScore[]> {
    const { runner, neural } = this.#parts;
    const { historySteps, seasonMs } = this.#options.forecast;
    const { seed } = this.#options;
    const message = `${panel.series.length} series, ${panel.grid.steps} steps`;
    return runner.run(
      { panel, options: { ...rules, historySteps, seasonsMs: seasonMs, seed }, neural: neural() },
      {
        signal: job.signal,
        progress: (done) => {
          job.progress({ phase: 'walking', done: Math.floor(100 * done), total: 100, message });
        },
      },
    );
  }

  /** Of as many series as may be judged, others each time; from where something is known. */
  async #history(): Promise<Panel> {
    const { metricStore, clock } = this.#parts;
    const { backtest, forecast, seed } = this.#options;
    const { stepMs, horizonSteps } = forecast;
    const nowMs = clock.realtimeMs();
    const steps = Math.min(STEPS_MAX, Math.floor(backtest.historyMs / stepMs));
    const grid = gridBefore(nowMs, stepMs, steps);
    const rules = historyRules(grid, horizonSteps);
    const count = rules === undefined ? 0 : seriesWithin(backtest.forecastsMax, steps, rules);
    const rng = new SeededRng(seedFor(seed, `backtest ${Math.floor(nowMs / backtest.everyMs)}`));
    const all = (await metricStore.listSeries(grid.startMs)).filter(isForecast);
    const series = shuffled(rng, all).slice(0, count);
    return knownPart(await metricStore.readPanel({ series, ...grid }));
  }
}

function isForecast({ subject, metric }: SeriesKey): boolean {
  return subject === 'resource' && (DIMENSIONS as readonly string[]).includes(metric);
}

function scoreOf(
  scores: readonly SeriesScore[],
  { grid, horizonSteps, atMs }: { grid: Grid; horizonSteps: number; atMs: number },
): BacktestScore {
  const overall = overallOf(scores);
  const { called, missed, false: wrong, leadMs } = overall.breaches;
  const [first] = overall.origins;
  const last = overall.origins.at(-1);
  const timeOf = (step: number): number => grid.startMs + step * grid.stepMs;
  return {
    atMs,
    series: scores.filter(({ origins }) => origins.length > 0).length,
    forecasts: overall.windows,
    fromMs: first === undefined ? null : timeOf(first),
    toMs: last === undefined ? null : timeOf(last + horizonSteps),
    errorRatio: known(overall.error / overall.naiveError),
    peakErrorRatio: known(overall.peakError / overall.naivePeakError),
    coverage90: known(overall.coverage90),
    ...{ called, missed, false: wrong, leadMs: known(leadMs) },
  };
}

function known(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
