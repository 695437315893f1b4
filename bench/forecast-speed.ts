import { panelIn } from '../core/trace/trace.js';
import type { Trace } from '../core/trace/trace.js';
import { generatedTrace } from '../core/trace/generated.js';
import type { Panel } from '../core/panel.js';
import { panelOf } from '../core/panel.js';
import { Forecasting } from '../forecaster/forecasting.js';

const SERIES = 512;
const HISTORY_STEPS = 2016;
const ROUNDS = 5;
const OPTIONS = {
  stepMs: 300_000,
  horizonSteps: 24,
  quantiles: [0.5, 0.75, 0.9],
  // None comes due while the kept state is measured.
  refitSteps: 100_000,
  seed: 1,
};

export interface ForecastSpeed {
  /** Series forecast a CPU second: 24 steps, three quantiles, their peaks. */
  readonly keptPerSecond: number;
  /** The same with learning from 2,016 samples. */
  readonly coldPerSecond: number;
  readonly bytesPerSeries: number;
}

/** On a generated load of all kinds; the median of some rounds, each a new sample a series and a forecast. */
export function measureSpeed(): ForecastSpeed {
  const days = (HISTORY_STEPS + ROUNDS + 1) / 288;
  const trace = generatedTrace({ resources: SERIES, days });
  const panel = (from: number, steps: number): Panel => cut(trace, from, steps);
  const history = panel(0, HISTORY_STEPS);
  const forecasting = new Forecasting(OPTIONS);
  forecasting.observe(history);
  // Some are forecast to warm up, then the rest is cold.
  const warmUp = history.series.slice(0, SERIES / 8);
  const cold = history.series.slice(SERIES / 8);
  forecasting.forecast(warmUp);
  const coldSeconds = cpuSecondsOf(() => forecasting.forecast(cold));
  const rounds = Array.from({ length: ROUNDS }, (_, round) => {
    const next = panel(HISTORY_STEPS + round, 1);
    return cpuSecondsOf(() => {
      forecasting.observe(next);
      forecasting.forecast(history.series);
    });
  }).sort((a, b) => a - b);
  return {
    keptPerSecond: Math.round(SERIES / (rounds[ROUNDS >> 1] ?? NaN)),
    coldPerSecond: Math.round(cold.length / coldSeconds),
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
