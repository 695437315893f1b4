import type { Dimension } from '../core/domain.js';
import { resourceId } from '../core/domain.js';
import { DIMENSIONS } from '../core/domain.js';
import { panelOf } from '../core/panel.js';
import type { SeriesKey } from '../core/sample.js';
import type { Trace } from '../core/trace/trace.js';
import type { ScoredWindow } from '../forecaster/backtest/metrics.js';
import type { SaidWindow } from '../forecaster/backtest/said-window.js';
import { saidWindow } from '../forecaster/backtest/said-window.js';
import { Forecasting } from '../forecaster/forecasting.js';
import type { Predictor } from '../models/neural/neural.js';
import type { BaselineTask } from './forecast-baselines.js';
import { InputFault } from './inputs.js';

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

export interface WindowsOptions {
  readonly neural: Predictor | undefined;
  /** So many steps before the origin the models learnt; what came since, they only observed. */
  readonly ageSteps: number;
}

/**
 * Forecasts all windows of a task as the product does: what was measured before the origin is observed, windows with the
 * same origin together, and the forecaster is asked once. The peak of 12 steps is asked of one with that horizon.
 */
export function forecastWindows(
  task: BaselineTask,
  trace: Trace,
  options: WindowsOptions,
): ForecastWindows {
  const windows = task.windows.map((window) => cut(task, trace, window));
  const before = process.cpuUsage();
  const long = saidOf(task, windows, { horizonSteps: 24, ...options });
  const { user, system } = process.cpuUsage(before);
  const short = saidOf(task, windows, { horizonSteps: 12, ...options });
  const h24 = windows.map((window, at) => ({ ...window, ...long[at]! }));
  const h12 = h24.map((window, at) => {
    const { peak50, peak90 } = short[at]!;
    return { ...window, peak50, peak90 };
  });
  return { h12, h24, seconds: (user + system) / 1e6 / windows.length };
}

function saidOf(
  task: BaselineTask,
  windows: readonly Window[],
  { horizonSteps, neural, ageSteps }: WindowsOptions & { readonly horizonSteps: number },
): SaidWindow[] {
  const stepMs = task.step_seconds * 1000;
  const said = new Array<SaidWindow>(windows.length);
  for (const together of byOrigin(windows)) {
    const options = { stepMs, horizonSteps, historySteps: task.context, seed: 1 };
    const forecasting = new Forecasting(options);
    forecasting.useNeural(neural);
    const keys = together.map((at) => windows[at]!.key);
    const observe = (from: number, to: number): void => {
      const steps = to - from;
      const values = new Float32Array(together.length * steps);
      for (const [row, at] of together.entries()) {
        values.set(windows[at]!.context.subarray(from, to), row * steps);
      }
      const startMs = windows[together[0]!]!.startMs - (task.context - from) * stepMs;
      forecasting.observe(panelOf(keys, { startMs, stepMs, steps }, values));
    };
    observe(0, task.context - ageSteps);
    forecasting.learn();
    if (ageSteps > 0) observe(task.context - ageSteps, task.context);
    const { block } = forecasting.forecast(keys, { learns: 'new' });
    for (const [row, at] of together.entries()) said[at] = saidWindow(block, row);
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
  { task, trace: name, dimension, context, horizon, step_seconds }: BaselineTask,
  trace: Trace,
  [resource, origin, time, scale]: BaselineTask['windows'][number],
): Window {
  const id = resourceId(resource);
  const row = trace.resources.indexOf(id);
  if (row < 0) throw new InputFault(`${task}: trace ${name} has no resource ${id}`);
  if (trace.grid.stepMs !== step_seconds * 1000) {
    throw new InputFault(
      `${task}: a step of trace ${name} is ${trace.grid.stepMs / 1000} s, not ${step_seconds} s`,
    );
  }
  const metric = metricOf(trace, row, dimension);
  const values = rowOf(trace, row, metric);
  if (values.length === 0) throw new InputFault(`${task}: trace ${name} has no ${metric}`);
  const at = firstStepOf(trace, row) + origin;
  if (at < context || at >= values.length) {
    throw new InputFault(`${task}: trace ${name} has no window of ${id} at ${origin}`);
  }
  const startMs = trace.grid.startMs + at * trace.grid.stepMs;
  if (Math.abs(Date.parse(time) - startMs) >= trace.grid.stepMs) {
    const found = new Date(startMs).toISOString();
    throw new InputFault(
      `${task}: window ${origin} of ${id} is of ${time}; in ${name} of ${found}`,
    );
  }
  return {
    key: { subject: 'resource', id, metric },
    startMs,
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
  if (metric === undefined) throw new InputFault(`no load of ${trace.resources[row] ?? ''}`);
  return metric;
}
