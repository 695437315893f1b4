import { panelIn } from '../core/trace/trace.js';
import type { Trace } from '../core/trace/trace.js';
import { generatedTrace } from '../core/trace/generated.js';
import { resourceId } from '../core/domain.js';
import type { Panel } from '../core/panel.js';
import { panelOf, rowOf } from '../core/panel.js';
import type { SeriesKey } from '../core/sample.js';
import { Forecasting } from '../forecaster/forecasting.js';
import type { Row } from '../models/model.js';
import type { Predictor } from '../models/neural/neural.js';
import { Neural } from '../models/neural/neural.js';

const SERIES = 1000;
const COLD_SERIES = 200;
/** Learnt from at a time. */
const COLD_PART = 20;
const HISTORY_STEPS = 2016;
const ROUNDS = 20;
const OPTIONS = {
  stepMs: 300_000,
  horizonSteps: 24,
  quantiles: [0.5, 0.75, 0.9],
  seed: 1,
};

export interface ForecastSpeed {
  /** Series a CPU second in a round: a new sample observed and 24 steps forecast, three quantiles and their peaks. */
  readonly keptPerSecond: number;
  /** The same of the round that took least, which the machine disturbed least. */
  readonly keptPerSecondBest: number;
  /** Of those, the share of the second that observing took. */
  readonly observeShare: number;
  /** Series a CPU second that learn from 2,016 samples, models chosen, and are forecast: a few at a time, of the median time. */
  readonly coldPerSecond: number;
  /** The same of those that took least. */
  readonly coldPerSecondBest: number;
  readonly bytesPerSeries: number;
}

/**
 * What rounds cost, as the product has them: a new sample of every series is observed, all are forecast, and
 * what is due is learnt anew after the round. On a generated load of all kinds, whose levels change now and then.
 */
export function measureSpeed(neural?: Predictor): ForecastSpeed {
  const days = (HISTORY_STEPS + ROUNDS + 1) / 288;
  const trace = generatedTrace({ resources: SERIES, days });
  const panel = (from: number, steps: number): Panel => cut(trace, from, steps);
  const history = panel(0, HISTORY_STEPS);
  const forecasting = new Forecasting(OPTIONS);
  forecasting.useNeural(neural);
  forecasting.observe(history);
  // Some are forecast to warm up, then some are timed, then the rest learns.
  forecasting.forecast(history.series.slice(0, COLD_SERIES));
  const coldParts = Array.from({ length: COLD_SERIES / COLD_PART }, (_, part) => {
    const from = COLD_SERIES + part * COLD_PART;
    const cold = history.series.slice(from, from + COLD_PART);
    return cpuSecondsOf(() => forecasting.forecast(cold, { learns: 'new' }));
  }).sort((a, b) => a - b);
  forecasting.learn();
  const rounds = Array.from({ length: ROUNDS }, (_, round) => {
    const next = panel(HISTORY_STEPS + round, 1);
    const observed = cpuSecondsOf(() => {
      forecasting.observe(next);
    });
    const forecast = cpuSecondsOf(() => forecasting.forecast(history.series, { learns: 'new' }));
    forecasting.learn();
    return { observed, whole: observed + forecast };
  }).sort((a, b) => a.whole - b.whole);
  const middle = rounds[ROUNDS >> 1]!;
  return {
    keptPerSecond: Math.round(SERIES / middle.whole),
    keptPerSecondBest: Math.round(SERIES / rounds[0]!.whole),
    observeShare: Number((middle.observed / middle.whole).toFixed(3)),
    coldPerSecond: Math.round(COLD_PART / coldParts[coldParts.length >> 1]!),
    coldPerSecondBest: Math.round(COLD_PART / coldParts[0]!),
    bytesPerSeries: Math.round(forecasting.save().byteLength / SERIES),
  };
}

export interface ForecastScaling {
  readonly series: number;
  /** CPU seconds of a round of so many series ÷ those of as many rounds of 1,000 as it takes to forecast as many. */
  readonly timesLinear: number;
  readonly secondsOfRound: number;
}

const SCALED_FROM = 1000;
const SCALED_ROUNDS = 5;
/** A history is brought in parts: a whole one of all series at once would not fit. */
const PART_STEPS = 252;

/** Whether the cost of a round grows with the number of series and no faster. */
export function measureScaling(series: number): ForecastScaling {
  const few = medianRoundSeconds(SCALED_FROM);
  const many = medianRoundSeconds(series);
  const timesLinear = many / ((few * series) / SCALED_FROM);
  return { series, timesLinear: Number(timesLinear.toFixed(3)), secondsOfRound: many };
}

/** The loads of 1,000 generated resources over and over, each series with a state of its own. */
function medianRoundSeconds(series: number): number {
  const days = (HISTORY_STEPS + SCALED_ROUNDS) / 288;
  const trace = generatedTrace({ resources: SCALED_FROM, days });
  const keys = Array.from({ length: series }, (_, row): SeriesKey => ({
    subject: 'resource',
    id: resourceId(`vol-${row}`),
    metric: 'cpu',
  }));
  const panel = (from: number, steps: number): Panel => {
    const few = cut(trace, from, steps);
    const values = new Float32Array(series * steps);
    for (let row = 0; row < series; row++) values.set(rowOf(few, row % SCALED_FROM), row * steps);
    return panelOf(keys, few.grid, values);
  };
  const forecasting = new Forecasting(OPTIONS);
  for (let from = 0; from < HISTORY_STEPS; from += PART_STEPS) {
    forecasting.observe(panel(from, PART_STEPS));
  }
  forecasting.learn();
  const seconds = Array.from({ length: SCALED_ROUNDS }, (_, round) => {
    const next = panel(HISTORY_STEPS + round, 1);
    const spent = cpuSecondsOf(() => {
      forecasting.observe(next);
      forecasting.forecast(keys, { learns: 'new' });
    });
    forecasting.learn();
    return spent;
  });
  return seconds.sort((a, b) => a - b)[SCALED_ROUNDS >> 1]!;
}

const NEURAL_SERIES = 10_000;
const HOUR_MS = 3_600_000;

/** CPU seconds in which the network by itself forecasts 10,000 series of 2,016 samples, looking at them included. */
export function neuralSeconds(network: Predictor): number {
  const { horizonSteps, stepMs } = OPTIONS;
  const seasonsMs = [HOUR_MS, 24 * HOUR_MS, 168 * HOUR_MS];
  const neural = new Neural({ horizonSteps, historySteps: HISTORY_STEPS, stepMs, seasonsMs });
  neural.use(network);
  const trace = generatedTrace({ resources: 64, days: HISTORY_STEPS / 288 });
  const { values } = cut(trace, 0, HISTORY_STEPS);
  const rows = Array.from({ length: 64 }, (_, slot) => {
    const own = values.subarray(slot * HISTORY_STEPS, (slot + 1) * HISTORY_STEPS);
    return { slot, age: 0, start: 0, highest: 1, values: own, roots: own.map(Math.sqrt), ...KNOWN };
  });
  const said = new Float32Array(rows.length * neural.paths * horizonSteps);
  const ask = (series: number): void => {
    for (let done = 0; done < series; done += rows.length) {
      neural.predict(rows.slice(0, series - done), NOTHING, said);
    }
  };
  ask(NEURAL_SERIES / 10);
  return Number(
    cpuSecondsOf(() => {
      ask(NEURAL_SERIES);
    }).toPrecision(3),
  );
}

const NOTHING = new Float32Array(0);
const KNOWN: Pick<Row, 'isKnown' | 'origins'> = {
  isKnown: new Uint8Array(HISTORY_STEPS).fill(1),
  origins: new Int32Array(0),
};

function cut(trace: Trace, from: number, steps: number): Panel {
  const whole = panelIn(trace, 'cpu');
  if (whole === undefined) throw new Error('a generated load has cpu');
  const { series, grid } = whole;
  const values = new Float32Array(series.length * steps);
  for (let row = 0; row < series.length; row++) {
    const start = row * grid.steps + from;
    values.set(whole.values.subarray(start, start + steps), row * steps);
  }
  return panelOf(series, { ...grid, startMs: grid.startMs + from * grid.stepMs, steps }, values);
}

function cpuSecondsOf(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}
