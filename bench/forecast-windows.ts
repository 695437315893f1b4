import type { Dimension } from '../core/domain.js';
import { resourceId } from '../core/domain.js';
import { DIMENSIONS } from '../core/domain.js';
import { pathOf } from '../core/forecast.js';
import { panelOf } from '../core/panel.js';
import type { SeriesKey } from '../core/sample.js';
import type { Trace } from '../core/trace/trace.js';
import { Forecasting } from '../forecaster/forecasting.js';
import type { Predictor } from '../models/neural/neural.js';
import type { BaselineTask } from './forecast-baselines.js';
import type { ScoredWindow } from './forecast-metrics.js';

/** A window of a task, cut out of its trace: nothing of it reaches the forecaster but the context. */
interface Window {
  readonly key: SeriesKey;
  readonly startMs: number;
  readonly scale: number;
  readonly context: Float32Array;
  readonly came: Float32Array;
}

export interface ForecastWindows {
  readonly h12: readonly ScoredWindow[];
  readonly h24: readonly ScoredWindow[];
  /** CPU seconds a window, fit and forecast of both horizons; the paths are made once. */
  readonly seconds: number;
}

/**
 * Forecasts all windows of a task as the product does: what was measured before the origin is observed, windows with the
 * same origin together, and the forecaster is asked once. The peak of 12 steps is asked of one with that horizon.
 */
export function forecastWindows(
  task: BaselineTask,
  trace: Trace,
  neural?: Predictor,
): ForecastWindows {
  const windows = task.windows.map((window) => cut(task, trace, window));
  const before = process.cpuUsage();
  const long = saidOf(task, windows, { horizonSteps: 24, neural });
  const { user, system } = process.cpuUsage(before);
  const short = saidOf(task, windows, { horizonSteps: 12, neural });
  const h24 = windows.map((window, at) => ({ ...window, ...long[at]! }));
  const h12 = h24.map((window, at) => {
    const { peak50, peak90 } = short[at]!;
    return { ...window, peak50, peak90 };
  });
  return { h12, h24, seconds: (user + system) / 1e6 / windows.length };
}

type Said = Pick<ScoredWindow, 'p50' | 'p90' | 'peak50' | 'peak90'>;

function saidOf(
  task: BaselineTask,
  windows: readonly Window[],
  {
    horizonSteps,
    neural,
  }: { readonly horizonSteps: number; readonly neural: Predictor | undefined },
): Said[] {
  const stepMs = task.step_seconds * 1000;
  const said = new Array<Said>(windows.length);
  for (const together of byOrigin(windows)) {
    const options = { stepMs, horizonSteps, historySteps: task.context, seed: 1 };
    const forecasting = new Forecasting(options);
    forecasting.useNeural(neural);
    const keys = together.map((at) => windows[at]!.key);
    const values = new Float32Array(together.length * task.context);
    for (const [row, at] of together.entries()) {
      values.set(windows[at]!.context, row * task.context);
    }
    const startMs = windows[together[0]!]!.startMs - task.context * stepMs;
    forecasting.observe(panelOf(keys, { startMs, stepMs, steps: task.context }, values));
    const { block } = forecasting.forecast(keys);
    for (const [row, at] of together.entries()) {
      const peaks = block.peaks.subarray(row * 3, row * 3 + 3);
      said[at] = {
        p50: pathOf(block, row, 0.5).slice(),
        p90: pathOf(block, row, 0.9).slice(),
        peak50: peaks[1]!,
        peak90: peaks[2]!,
      };
    }
  }
  return said;
}

function byOrigin(windows: readonly Window[]): number[][] {
  const groups = new Map<number, number[]>();
  for (const [at, { startMs }] of windows.entries()) {
    const group = groups.get(startMs);
    if (group === undefined) groups.set(startMs, [at]);
    else group.push(at);
  }
  return [...groups.values()];
}

function cut(
  { dimension, context, horizon, step_seconds }: BaselineTask,
  trace: Trace,
  [resource, origin, , scale]: BaselineTask['windows'][number],
): Window {
  const id = resourceId(resource);
  const row = trace.resources.indexOf(id);
  if (row < 0) throw new Error(`the trace has no resource ${resource}`);
  if (trace.grid.stepMs !== step_seconds * 1000) throw new Error('the trace has another step');
  const first = firstStepOf(trace, row);
  const metric = metricOf(trace, row, dimension);
  const values = rowOf(trace, row, metric);
  const at = first + origin;
  return {
    key: { subject: 'resource', id, metric },
    startMs: trace.grid.startMs + at * trace.grid.stepMs,
    scale,
    context: values.subarray(at - context, at),
    came: values.subarray(at, at + horizon),
  };
}

function rowOf({ loads, grid }: Trace, row: number, metric: Dimension): Float32Array {
  const values = loads[metric];
  return values === undefined
    ? new Float32Array(0)
    : values.subarray(row * grid.steps, (row + 1) * grid.steps);
}

/** A resource's own grid begins with its first sample, of whatever dimension. */
function firstStepOf(trace: Trace, row: number): number {
  const firsts = DIMENSIONS.map((metric) =>
    rowOf(trace, row, metric).findIndex((value) => !Number.isNaN(value)),
  ).filter((step) => step >= 0);
  return Math.min(...firsts);
}

/** `*`: the one that it has. */
function metricOf(trace: Trace, row: number, dimension: Dimension | '*'): Dimension {
  if (dimension !== '*') return dimension;
  const has = (metric: Dimension): boolean =>
    rowOf(trace, row, metric).some((value) => !Number.isNaN(value));
  const metric = DIMENSIONS.find(has);
  if (metric === undefined) throw new Error('a resource without any load');
  return metric;
}
