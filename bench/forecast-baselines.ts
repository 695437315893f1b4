import { z } from 'zod';
import { DIMENSIONS } from '../core/domain.js';

/* The format of a file of forecasting baselines: windows, and what well-known models reached on them. */

export const BASELINES_FILE = '../shared/traces/forecast-baselines.json';
/** What ours is called among the models. */
export const OURS = 'foreshift';

/** Null: a model that exploded, or was not measured. */
const metricsSchema = z.record(
  z.string(),
  z
    .number()
    .nullable()
    .transform((value) => value ?? NaN),
);
const resultSchema = z.looseObject({
  windows: z.int().min(0).optional(),
  seconds: z.number().optional(),
  h12: metricsSchema,
  h24: metricsSchema,
});

const taskSchema = z.looseObject({
  task: z.string(),
  trace: z.string().regex(/^[A-Za-z0-9._-]{1,100}$/),
  dimension: z.enum([...DIMENSIONS, '*']),
  step_seconds: z.number().positive(),
  context: z.int().min(3),
  horizon: z.literal(24),
  base: z.string(),
  results: z.record(z.string(), resultSchema),
  windows: z
    .array(
      z.tuple([
        z.string().describe('Resource.'),
        z.int().min(1).describe("First forecast step, on the resource's own grid."),
        z.string().describe('Its time.'),
        z.number().positive().describe('Scale of the errors.'),
      ]),
    )
    .min(1),
});
export type BaselineTask = z.output<typeof taskSchema>;

export const baselinesSchema = z.looseObject({
  tasks: z.array(taskSchema).min(1),
  models: z.record(z.string(), z.string()).optional(),
  aggregate_relative_to_base: z.record(z.string(), metricsSchema),
  best_peer: z
    .record(
      z.string(),
      z.record(z.string(), z.record(z.string(), z.tuple([z.number(), z.string()]))),
    )
    .optional(),
});
export type Baselines = z.output<typeof baselinesSchema>;

export type WindowMetrics = Readonly<Record<string, number>>;

/** What we reached on one task, by horizon. */
export interface TaskResult {
  readonly windows: number;
  /** CPU seconds a window, fit and forecast. */
  readonly seconds: number;
  readonly h12: WindowMetrics;
  readonly h24: WindowMetrics;
}

/** Relative to the base model of each task; their geometric mean. */
const AGGREGATED = ['MASE', 'sQL90', 'wQL50', 'wQL90', 'peakMASE', 'peakQL90'] as const;
export const HORIZONS = ['h12', 'h24'] as const;

export function aggregateOf(
  tasks: readonly { readonly task: BaselineTask; readonly result: TaskResult }[],
): Record<string, number> {
  const aggregate: Record<string, number> = { tasks: tasks.length };
  for (const horizon of HORIZONS) {
    for (const metric of AGGREGATED) {
      const logs = tasks.map(({ task, result }) => {
        const base = task.results[task.base]?.[horizon][metric];
        return Math.log((result[horizon][metric] ?? NaN) / (base ?? NaN));
      });
      // A base without an error, or without that figure, is no measure.
      const known = logs.filter(Number.isFinite);
      const mean = known.reduce((sum, log) => sum + log, 0) / known.length;
      aggregate[`${horizon}_rel_${metric}`] = rounded(Math.exp(mean));
    }
  }
  return aggregate;
}

/** Four digits, as the file's own figures. */
export function rounded(value: number): number {
  return Number(value.toPrecision(4));
}
