import { panelIn } from '../core/trace/trace.js';
import type { Trace } from '../core/trace/trace.js';
import { generatedTrace } from '../core/trace/generated.js';
import type { Panel } from '../core/panel.js';
import { panelOf } from '../core/panel.js';
import { Forecasting } from '../forecaster/forecasting.js';

const SERIES = 1000;
const COLD_SERIES = 200;
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
  /** Series a CPU second that learn from 2,016 samples, models chosen, and are forecast. */
  readonly coldPerSecond: number;
  readonly bytesPerSeries: number;
}

/**
 * What rounds cost, as the product has them: a new sample of every series is observed, all are forecast, and
 * what is due is learnt anew after the round. On a generated load of all kinds, whose levels change now and then.
 */
export function measureSpeed(): ForecastSpeed {
  const days = (HISTORY_STEPS + ROUNDS + 1) / 288;
  const trace = generatedTrace({ resources: SERIES, days });
  const panel = (from: number, steps: number): Panel => cut(trace, from, steps);
  const history = panel(0, HISTORY_STEPS);
  const forecasting = new Forecasting(OPTIONS);
  forecasting.observe(history);
  // Some are forecast to warm up, then some are timed, then the rest learns.
  forecasting.forecast(history.series.slice(0, COLD_SERIES));
  const cold = history.series.slice(COLD_SERIES, 2 * COLD_SERIES);
  const coldSeconds = cpuSecondsOf(() => forecasting.forecast(cold, { learns: 'new' }));
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
    coldPerSecond: Math.round(COLD_SERIES / coldSeconds),
    bytesPerSeries: Math.round(forecasting.save().byteLength / SERIES),
  };
}

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
