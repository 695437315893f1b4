import { strict as assert } from 'node:assert';
import { z } from 'zod';
import type { Clock } from '../core/clock/port.js';
import type { Dimension, ResourceId } from '../core/domain.js';
import { DIMENSIONS } from '../core/domain.js';
import type { MetricStore } from '../core/metric-store/port.js';
import type { Grid } from '../core/panel.js';
import { gridBefore, gridSchema } from '../core/panel.js';
import type { Sample } from '../core/sample.js';
import type { Trace } from '../core/trace/trace.js';
import { believableMax, believed, isDropReason } from './rates.js';

export interface ImportOptions {
  /** The last step is over by then: the trace is shifted in time. Default: it stays where it was recorded. */
  readonly endMs?: number;
  /** How long a step becomes: 500 turns five minutes into half a second. Default: as long as it was. */
  readonly stepMs?: number;
  /** From the trace's unit to ours (cores, bytes, bytes/s, hits/s): multiplied with. Default 1. */
  readonly scales?: Readonly<Partial<Record<Dimension, number>>>;
  /** What a resource of the trace is called here; undefined: it is left out. Default: the same. */
  readonly rename?: (resource: ResourceId, index: number) => ResourceId | undefined;
  readonly batchSamplesMax?: number;
  readonly progress?: (progress: ImportReport) => void;
  readonly signal?: AbortSignal;
}

export interface ImportParts {
  readonly store: Pick<MetricStore, 'writeSamples'>;
  readonly clock: Pick<Clock, 'sleep'>;
}

export const importReportSchema = z.object({
  stepsDone: z.number(),
  samples: z.number(),
  /** Values that no machine of today can have: look at the scales. */
  dropped: z.number(),
  /** Where the trace lies in time now. */
  grid: gridSchema,
});
export type ImportReport = Readonly<z.output<typeof importReportSchema>>;

const BATCH_SAMPLES_MAX = 5000;

/**
 * Brings a recorded load into a metric store, step by step, as if it had been collected then. Gaps stay gaps. Repeating an
 * import that failed half-way, with the same `endMs`, is harmless.
 * @throws ERR_STORE_UNAVAILABLE; the signal's reason
 */
export async function importTrace(
  trace: Trace,
  { store, clock }: ImportParts,
  options: ImportOptions = {},
): Promise<ImportReport> {
  const { batchSamplesMax = BATCH_SAMPLES_MAX, progress, signal } = options;
  const recording = recordingOf(trace, options);
  const { grid } = recording;
  let report: ImportReport = { stepsDone: 0, samples: 0, dropped: 0, grid };
  let batch: Sample[] = [];
  const flush = async (stepsDone: number): Promise<void> => {
    signal?.throwIfAborted();
    if (batch.length > 0) await store.writeSamples(batch);
    // A store in memory answers at once, and others want to run, too.
    await clock.sleep(0);
    report = { ...report, stepsDone, samples: report.samples + batch.length };
    batch = [];
    progress?.(report);
  };
  for (let step = 0; step < grid.steps; step++) {
    for (const sample of samplesOf(recording, step)) {
      if (sample === undefined) report = { ...report, dropped: report.dropped + 1 };
      else batch.push(sample);
      if (batch.length >= batchSamplesMax) await flush(step);
    }
  }
  await flush(grid.steps);
  return report;
}

/** A trace as it is to be told. */
interface Recording {
  readonly grid: Grid;
  /** By the trace's order; undefined: left out. */
  readonly names: readonly (ResourceId | undefined)[];
  readonly columns: readonly {
    readonly metric: Dimension;
    readonly values: Float32Array;
    readonly scale: number;
  }[];
}

function recordingOf(trace: Trace, options: ImportOptions): Recording {
  const { rename = (resource: ResourceId) => resource, scales = {} } = options;
  return {
    grid: gridOf(trace, options),
    names: trace.resources.map(rename),
    columns: DIMENSIONS.flatMap((metric) => {
      const values = trace.loads[metric];
      const scale = scales[metric] ?? 1;
      assert.ok(scale > 0 && Number.isFinite(scale), 'a scale is above 0');
      return values === undefined ? [] : [{ metric, values, scale }];
    }),
  };
}

function gridOf({ grid }: Trace, { endMs, stepMs = grid.stepMs }: ImportOptions): Grid {
  if (endMs !== undefined) return gridBefore(endMs, stepMs, grid.steps);
  return { ...grid, stepMs };
}

/** All samples of one step, each at the step's start; undefined for one that cannot be. */
function* samplesOf(
  { grid: { startMs, stepMs, steps }, names, columns }: Recording,
  step: number,
): Generator<Sample | undefined, void> {
  const timeMs = startMs + step * stepMs;
  for (const { metric, values, scale } of columns) {
    for (const [index, id] of names.entries()) {
      const measured = values[index * steps + step] ?? NaN;
      if (id === undefined || Number.isNaN(measured)) continue;
      const value = believed(measured * scale, LIMITS[metric]);
      if (isDropReason(value)) yield undefined;
      else yield { series: { subject: 'resource', id, metric }, timeMs, value };
    }
  }
}

const LIMITS = believableMax();
