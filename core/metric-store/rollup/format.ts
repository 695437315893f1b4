import { z } from 'zod';
import { FRAME_BYTES, Frames } from '../../disk/frames.js';
import { DAY_MS } from '../day.js';

/*
 * A rollup: the means of one day, made once and replaced as a whole. A file of frames (core/disk/frames.ts),
 * little-endian: the first is JSON { format, version, day, stepMs, series, latestMs }, then for each series,
 * in its order and all of one length, f32 means of its steps and u16 numbers of the samples behind them.
 * A step without a sample has the number 0; one with more than 65,535 has that.
 */

export const COUNT_MAX = 65_535;
/** The names of as many series as a day may have (limits.ts) fit, the longest names there are. */
export const HEAD_BYTES_MAX = 128 << 20;

export interface RollupHead {
  readonly day: number;
  readonly stepMs: number;
  /** Names of the series, each once. */
  readonly series: readonly string[];
  /** By series: when its last sample was, in milliseconds of the day. */
  readonly latestMs: readonly number[];
}

/** The steps of one series in one day. */
export interface RollupRow {
  readonly means: Float32Array;
  readonly counts: Uint16Array;
}

const headSchema = z
  .object({
    format: z.literal('foreshift-rollup'),
    version: z.literal(1),
    day: z.int(),
    stepMs: z.int().min(1000).refine(dividesDay),
    series: z.array(z.string().min(1).max(400)),
    latestMs: z.array(
      z
        .int()
        .min(0)
        .max(DAY_MS - 1),
    ),
  })
  .refine(({ series, latestMs }) => series.length === latestMs.length);

function dividesDay(stepMs: number): boolean {
  return DAY_MS % stepMs === 0;
}

export function stepsOf({ stepMs }: Pick<RollupHead, 'stepMs'>): number {
  return DAY_MS / stepMs;
}

export function rowFrameBytes(head: Pick<RollupHead, 'stepMs'>): number {
  return FRAME_BYTES + 6 * stepsOf(head);
}

export function encodeRollup(head: RollupHead, rowOf: (series: number) => RollupRow): Uint8Array {
  const text = Buffer.from(JSON.stringify({ format: 'foreshift-rollup', version: 1, ...head }));
  const headEnd = FRAME_BYTES + text.byteLength;
  const rowBytes = rowFrameBytes(head);
  const frames = new Frames(new Uint8Array(headEnd + head.series.length * rowBytes));
  frames.bytes.set(text, FRAME_BYTES);
  frames.seal(0, headEnd);
  head.series.forEach((_name, series) => {
    const at = headEnd + series * rowBytes;
    writeRow(frames.view, at + FRAME_BYTES, rowOf(series));
    frames.seal(at, at + rowBytes);
  });
  return frames.bytes;
}

/** The head, and where the rows begin. Undefined: no head of this version begins these bytes. */
export function readRollupHead(
  bytes: Uint8Array,
): { readonly head: RollupHead; readonly rowsAt: number } | undefined {
  const rowsAt = new Frames(bytes).endOf(0, HEAD_BYTES_MAX);
  if (rowsAt === undefined) return undefined;
  const head = headSchema.safeParse(jsonOf(bytes.subarray(FRAME_BYTES, rowsAt))).data;
  return head === undefined ? undefined : { head, rowsAt };
}

/** The row whose frame begins at `at`. Undefined: none of this length does. */
export function readRollupRow(
  frames: Frames,
  at: number,
  head: Pick<RollupHead, 'stepMs'>,
): RollupRow | undefined {
  if (frames.endOf(at, rowFrameBytes(head)) !== at + rowFrameBytes(head)) return undefined;
  const steps = stepsOf(head);
  const means = new Float32Array(steps);
  const counts = new Uint16Array(steps);
  const start = at + FRAME_BYTES;
  for (let step = 0; step < steps; step++) {
    means[step] = frames.view.getFloat32(start + 4 * step, true);
    counts[step] = frames.view.getUint16(start + 4 * steps + 2 * step, true);
  }
  return { means, counts };
}

function writeRow(view: DataView, start: number, { means, counts }: RollupRow): void {
  const steps = means.length;
  for (let step = 0; step < steps; step++) {
    view.setFloat32(start + 4 * step, means[step]!, true);
    view.setUint16(start + 4 * steps + 2 * step, counts[step]!, true);
  }
}

function jsonOf(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString());
  } catch {
    return undefined;
  }
}
