import { z } from 'zod';
import { FRAME_BYTES, framesOf, sealFrame } from '../disk/journal.js';
import { parseSeries, formatSeries } from '../sample.js';
import { finiteSchema } from '../schema.js';
import type { ForecastRun } from './port.js';

/*
 * The latest forecast as bytes: frames (core/disk/journal.ts), the first JSON, the rest little-endian f32:
 * paths, then peaks, then loadings, as one sequence cut into frames of some MiB.
 */

const FRAME_VALUES = 1 << 20;
const HEAD_BYTES_MAX = 64 << 20;

const headSchema = z.object({
  format: z.literal('foreshift-forecast'),
  version: z.literal(1),
  madeAtMs: finiteSchema,
  models: z.array(z.string()),
  leads: z.array(z.int().min(1)),
  series: z.array(z.string()),
  grid: z.object({ startMs: finiteSchema, stepMs: z.number().positive(), steps: z.int().min(1) }),
  quantiles: z.array(z.number()).min(1),
  factors: z.int().min(0),
});

export function encodeForecast({ madeAtMs, models, leads, block }: ForecastRun): Uint8Array {
  const { grid, quantiles, factors, paths, peaks, loadings } = block;
  const head = Buffer.from(
    JSON.stringify({
      format: 'foreshift-forecast',
      version: 1,
      madeAtMs,
      models,
      leads,
      series: block.series.map(formatSeries),
      grid,
      quantiles,
      factors,
    }),
  );
  const values = [paths, peaks, loadings];
  const count = values.reduce((sum, { length }) => sum + length, 0);
  const frames = Math.ceil(count / FRAME_VALUES);
  const bytes = new Uint8Array(FRAME_BYTES + head.byteLength + frames * FRAME_BYTES + 4 * count);
  const view = new DataView(bytes.buffer);
  bytes.set(head, FRAME_BYTES);
  let at = FRAME_BYTES + head.byteLength;
  sealFrame(bytes, view, 0, at);
  let frameAt = at;
  let left = 0;
  for (const part of values) {
    for (const value of part) {
      if (left === 0) {
        frameAt = at;
        at += FRAME_BYTES;
        left = FRAME_VALUES;
      }
      view.setFloat32(at, value, true);
      at += 4;
      left -= 1;
      if (left === 0) sealFrame(bytes, view, frameAt, at);
    }
  }
  if (left > 0) sealFrame(bytes, view, frameAt, at);
  return bytes;
}

/** Undefined: these bytes are not a whole forecast of this version. */
export function decodeForecast(bytes: Uint8Array): ForecastRun | undefined {
  const { records, end } = framesOf(bytes, HEAD_BYTES_MAX);
  const [first, ...rest] = records;
  const head = first === undefined ? undefined : headOf(first);
  if (head === undefined || end !== bytes.byteLength) return undefined;
  const { madeAtMs, models, leads, grid, quantiles, factors } = head;
  const rows = head.series.length * quantiles.length;
  const lengths = [rows * grid.steps, rows, head.series.length * factors];
  const parts = floatsOf(rest, lengths);
  if (parts === undefined) return undefined;
  const [paths, peaks, loadings] = parts as [Float32Array, Float32Array, Float32Array];
  const { series } = head;
  return {
    madeAtMs,
    models,
    leads,
    block: { series, grid, quantiles, factors, paths, peaks, loadings },
  };
}

function headOf(record: Uint8Array) {
  try {
    const text = Buffer.from(record.buffer, record.byteOffset, record.byteLength).toString();
    const head = headSchema.parse(JSON.parse(text));
    return { ...head, series: head.series.map(parseSeries) };
  } catch {
    return undefined;
  }
}

/** The values of the records, one after the other, as arrays of these lengths. */
function floatsOf(records: readonly Uint8Array[], lengths: readonly number[]) {
  const count = lengths.reduce((sum, length) => sum + length, 0);
  const bytes = records.reduce((sum, { byteLength }) => sum + byteLength, 0);
  if (bytes !== 4 * count || records.some(({ byteLength }) => byteLength % 4 !== 0))
    return undefined;
  const values = new Float32Array(count);
  let at = 0;
  for (const record of records) {
    const view = new DataView(record.buffer, record.byteOffset, record.byteLength);
    for (let from = 0; from < record.byteLength; from += 4)
      values[at++] = view.getFloat32(from, true);
  }
  let start = 0;
  return lengths.map((length) => values.slice(start, (start += length)));
}
