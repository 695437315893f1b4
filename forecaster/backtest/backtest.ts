import { pathOf, QUANTILES } from '../../core/forecast.js';
import type { Panel } from '../../core/panel.js';
import { panelOf, rowOf } from '../../core/panel.js';
import type { SeriesKey } from '../../core/sample.js';
import type { SaidAhead } from '../breaches.js';
import { breachesOf } from '../breaches.js';
import { Forecasting } from '../forecasting.js';
import type { Predictor } from '../../models/neural/neural.js';
import type { ScoredWindow } from './metrics.js';
import type { SaidWindow } from './said-window.js';
import { saidWindow } from './said-window.js';
import { NaiveScale, seasonalNaive } from './seasonal-naive.js';
import type { SeriesScore } from './series-score.js';
import { scoreOf } from './series-score.js';

export interface BacktestOptions {
  readonly horizonSteps: number;
  /** From one origin to the next. */
  readonly everySteps: number;
  /** Before the first origin. */
  readonly warmSteps: number;
  /** Of one season: what seasonal naive says, and errors are measured by; 1: the last value. */
  readonly seasonSteps: number;
  /** What each load should stay below; default: the P95 of what it was before the first origin. */
  readonly limit?: number | undefined;
  readonly historySteps?: number;
  readonly seasonsMs?: readonly number[];
  readonly seed: number;
  /** One of the models, too; undefined: the others go without it. */
  readonly neural?: Predictor | undefined;
}

/** Series that are walked together: bounds the memory, not the result of a series. */
const BLOCK_SERIES = 64;
/** Of the steps of a context, at least so many must be known. */
const KNOWN_SHARE = 0.5;
const LIMIT_QUANTILE = 0.95;

/**
 * Walks over a recorded load as the product does: what was measured is observed as it comes, and at each origin the
 * forecaster, with the state it has kept, is asked for the next steps; then these are compared with what came. Nothing
 * after an origin is known to what is said at it. Deterministic. Yields the share, 0…1, that is done.
 */
export function* backtestSteps(
  panel: Panel,
  options: BacktestOptions,
): Generator<number, SeriesScore[], void> {
  const origins = originsOf(panel.grid.steps, options);
  const scores: SeriesScore[] = [];
  const count = panel.series.length;
  for (let from = 0; from < count; from += BLOCK_SERIES) {
    const block = seriesOf(panel, from, Math.min(count, from + BLOCK_SERIES));
    const walks = block.series.map((key, row) => new SeriesWalk(key, rowOf(block, row), options));
    const forecasting = forecastingOf(block, options);
    let observed = 0;
    for (const [at, origin] of origins.entries()) {
      const judged = walks.filter((walk) => walk.isJudged(origin));
      if (judged.length > 0) {
        forecasting.observe(stepsOf(block, observed, origin));
        observed = origin;
        say(forecasting, judged, origin);
        forecasting.learn();
      }
      yield (from + (block.series.length * (at + 1)) / origins.length) / count;
    }
    scores.push(...walks.map((walk) => walk.score(panel.grid.stepMs)));
  }
  return scores;
}

/** All of it at once. @param onOrigin share 0…1 that is done */
export function backtest(
  panel: Panel,
  options: BacktestOptions,
  onOrigin: (done: number) => void = () => undefined,
): SeriesScore[] {
  const steps = backtestSteps(panel, options);
  for (;;) {
    const { done, value } = steps.next();
    if (done === true) return value;
    onOrigin(value);
  }
}

/** The last horizon ends with the panel. */
export function originsOf(
  steps: number,
  {
    warmSteps,
    horizonSteps,
    everySteps,
  }: Pick<BacktestOptions, 'warmSteps' | 'horizonSteps' | 'everySteps'>,
): number[] {
  const origins: number[] = [];
  for (let origin = steps - horizonSteps; origin >= warmSteps; origin -= everySteps) {
    origins.push(origin);
  }
  return origins.reverse();
}

function forecastingOf({ grid }: Panel, options: BacktestOptions): Forecasting {
  const { horizonSteps, historySteps, seasonsMs, seed, neural } = options;
  const forecasting = new Forecasting({
    stepMs: grid.stepMs,
    horizonSteps,
    quantiles: QUANTILES,
    ...(historySteps !== undefined && { historySteps }),
    ...(seasonsMs !== undefined && { seasonsMs }),
    seed,
  });
  forecasting.useNeural(neural);
  return forecasting;
}

function say(forecasting: Forecasting, judged: readonly SeriesWalk[], origin: number): void {
  const keys = judged.map(({ key }) => key);
  const { block } = forecasting.forecast(keys, { learns: 'new' });
  for (const [row, walk] of judged.entries()) {
    walk.add(origin, {
      ...saidWindow(block, row),
      p10: pathOf(block, row, QUANTILES[0]).slice(),
    });
  }
}

interface WalkedWindow extends SaidWindow {
  readonly p10: Float32Array;
}

/** One series on its way. */
class SeriesWalk {
  readonly key: SeriesKey;
  readonly #values: Float32Array;
  readonly #options: BacktestOptions;
  readonly #scales: NaiveScale;
  readonly #known: Uint32Array;
  readonly #windows: (WalkedWindow & ScoredWindow & { readonly origin: number })[] = [];

  constructor(key: SeriesKey, values: Float32Array, options: BacktestOptions) {
    this.key = key;
    this.#values = values;
    this.#options = options;
    this.#scales = new NaiveScale(values, options.seasonSteps);
    this.#known = new Uint32Array(values.length + 1);
    for (let at = 0; at < values.length; at++) {
      this.#known[at + 1] = this.#known[at]! + (Number.isNaN(values[at]!) ? 0 : 1);
    }
  }

  /** Enough is known before the origin, it is no constant, and something came after it. */
  isJudged(origin: number): boolean {
    const { warmSteps, horizonSteps } = this.#options;
    const from = origin - warmSteps;
    const knownBefore = this.#known[origin]! - this.#known[from]!;
    const knownAfter = this.#known[origin + horizonSteps]! - this.#known[origin]!;
    return (
      knownBefore >= KNOWN_SHARE * warmSteps &&
      knownAfter > 0 &&
      this.#scales.over(from, origin) > 0
    );
  }

  add(origin: number, said: WalkedWindow): void {
    const { warmSteps, horizonSteps } = this.#options;
    this.#windows.push({
      ...said,
      origin,
      scale: this.#scales.over(origin - warmSteps, origin),
      came: this.#values.subarray(origin, origin + horizonSteps),
    });
  }

  score(stepMs: number): SeriesScore {
    const { horizonSteps, limit = this.#usualHigh() } = this.#options;
    const naive = this.#windows.map((window) => {
      const path = seasonalNaive(this.#values, window.origin, this.#options);
      const peak = path.reduce((max, value) => Math.max(max, value), 0);
      return { ...window, p50: path, p90: path, peak50: peak, peak90: peak };
    });
    return scoreOf(this.key, {
      origins: this.#windows.map(({ origin }) => origin),
      windows: this.#windows,
      naive,
      horizonSteps,
      limit,
      breaches: breachesOf({ stepMs, limit, came: this.#came(stepMs), ahead: this.#said(stepMs) }),
    });
  }

  /** The steps that were forecast at least once. */
  #came(stepMs: number): { timeMs: number; value: number }[] {
    const first = this.#windows[0]?.origin ?? this.#values.length;
    return Array.from(this.#values.subarray(first), (value, at) => ({
      timeMs: (first + at) * stepMs,
      value,
    }));
  }

  #said(stepMs: number): SaidAhead[] {
    const { horizonSteps } = this.#options;
    return Array.from({ length: horizonSteps }, (_, h) => ({
      leadMs: (h + 1) * stepMs,
      said: this.#windows.map(({ origin, p10, p50, p90 }) => ({
        timeMs: (origin + h) * stepMs,
        p10: p10[h]!,
        p50: p50[h]!,
        p90: p90[h]!,
      })),
    }));
  }

  #usualHigh(): number {
    const first = Math.max(
      0,
      this.#values.findIndex((value) => !Number.isNaN(value)),
    );
    const before = this.#values.subarray(first, first + this.#options.warmSteps);
    const known = before.filter((value) => !Number.isNaN(value)).sort();
    return known[Math.min(known.length - 1, Math.floor(LIMIT_QUANTILE * known.length))] ?? NaN;
  }
}

function seriesOf(panel: Panel, from: number, to: number): Panel {
  const { grid, series, values } = panel;
  return panelOf(series.slice(from, to), grid, values.subarray(from * grid.steps, to * grid.steps));
}

function stepsOf(panel: Panel, from: number, to: number): Panel {
  const { grid, series } = panel;
  const steps = to - from;
  const values = new Float32Array(series.length * steps);
  for (let row = 0; row < series.length; row++) {
    values.set(rowOf(panel, row).subarray(from, to), row * steps);
  }
  return panelOf(series, { ...grid, startMs: grid.startMs + from * grid.stepMs, steps }, values);
}
