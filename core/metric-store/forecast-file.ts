import { z } from 'zod';
import { packArrays, unpackArrays } from '../disk/arrays.js';
import { forecastBlock } from '../forecast.js';
import type { SeriesKey } from '../sample.js';
import { formatSeries, parseSeries } from '../sample.js';
import { finiteSchema } from '../schema.js';
import type { ForecastRun } from './port.js';

/* The latest forecast as bytes (core/disk/arrays.ts): a head, then paths, peaks and loadings, in parts. */

const PART_VALUES = 1 << 20;

const seriesSchema = z.string().transform((text, context): SeriesKey => {
  try {
    return parseSeries(text);
  } catch {
    context.issues.push({ code: 'custom', input: text, message: 'not a series' });
    return z.NEVER;
  }
});

const headSchema = z.object({
  format: z.literal('foreshift-forecast'),
  version: z.literal(1),
  madeAtMs: finiteSchema,
  models: z.array(z.string()),
  leads: z.array(z.int().min(1)),
  series: z.array(seriesSchema),
  grid: z.object({ startMs: finiteSchema, stepMs: z.number().positive(), steps: z.int().min(1) }),
  quantiles: z.array(z.number()).min(1),
  factors: z.int().min(0),
  stepsKnown: z.int().min(0).optional(),
});

export function encodeForecast({
  madeAtMs,
  models,
  leads,
  stepsKnown,
  block,
}: ForecastRun): Uint8Array {
  const { grid, quantiles, factors, paths, peaks, loadings } = block;
  const series = block.series.map(formatSeries);
  const format = { format: 'foreshift-forecast', version: 1 };
  const head = {
    ...format,
    ...{ madeAtMs, models, leads, stepsKnown },
    ...{ series, grid, quantiles, factors },
  };
  return packArrays(head, [paths, peaks, loadings].flatMap(partsOf));
}

/** Undefined: these bytes are not a whole forecast of this version. */
export function decodeForecast(bytes: Uint8Array): ForecastRun | undefined {
  const packed = unpackArrays(bytes);
  const head = headSchema.safeParse(packed?.head).data;
  if (packed === undefined || head === undefined) return undefined;
  const { madeAtMs, models, leads, stepsKnown, series, grid, quantiles, factors } = head;
  const values = series.length * (quantiles.length * (grid.steps + 1) + factors);
  // Before memory is asked for.
  if (4 * values > bytes.byteLength) return undefined;
  const block = forecastBlock(series, grid, { quantiles, factors });
  const { paths, peaks, loadings } = block;
  const isWhole = packed.fill([paths, peaks, loadings].flatMap(partsOf));
  return isWhole ? { madeAtMs, models, leads, stepsKnown, block } : undefined;
}

/** Views of at most so many values, so that no record is too long. */
function partsOf(values: Float32Array): Float32Array[] {
  const count = Math.ceil(values.length / PART_VALUES);
  return Array.from({ length: count }, (_, at) =>
    values.subarray(at * PART_VALUES, (at + 1) * PART_VALUES),
  );
}
