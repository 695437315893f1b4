import { z } from 'zod';
import { codeOf } from '../core/errors.js';
import { JSON_LIMITS, parseJson } from '../core/json.js';
import type { Sample } from '../core/sample.js';
import { formatSeries, parseSeries } from '../core/sample.js';
import { finiteSchema } from '../core/schema.js';

/** Samples of one time in columns: most samples of a batch are of one poll. */
const recordSchema = z.object({
  version: z.literal(1),
  groups: z.array(
    z
      .object({
        timeMs: finiteSchema,
        series: z.array(z.string()),
        values: z.array(finiteSchema.min(0)),
      })
      .refine(({ series, values }) => series.length === values.length, 'of unequal length'),
  ),
});
type SpoolRecord = z.output<typeof recordSchema>;

const LIMITS = { ...JSON_LIMITS, bytesMax: 64 << 20 };

/** How many samples a record has, u32 little-endian, stands before its JSON: so much can be said without reading it. */
const COUNT_BYTES = 4;

/** A batch as it rests on the disk. */
export function encodeSamples(samples: readonly Sample[]): Uint8Array {
  const groups = new Map<number, SpoolRecord['groups'][number]>();
  for (const { timeMs, series, value } of samples) {
    let group = groups.get(timeMs);
    if (group === undefined) {
      group = { timeMs, series: [], values: [] };
      groups.set(timeMs, group);
    }
    group.series.push(formatSeries(series));
    group.values.push(value);
  }
  const record: SpoolRecord = { version: 1, groups: [...groups.values()] };
  const text = JSON.stringify(record);
  const bytes = Buffer.alloc(COUNT_BYTES + Buffer.byteLength(text));
  bytes.writeUInt32LE(samples.length, 0);
  bytes.write(text, COUNT_BYTES);
  return bytes;
}

export function countOf(record: Uint8Array): number {
  return record.byteLength < COUNT_BYTES ? 0 : bufferOn(record).readUInt32LE(0);
}

/** The batch; undefined if it is none of ours, such as one of a later version. */
export function decodeSamples(record: Uint8Array): Sample[] | undefined {
  try {
    const text = bufferOn(record).toString('utf8', COUNT_BYTES);
    const { groups } = recordSchema.parse(parseJson(text, 'the record', LIMITS));
    return groups.flatMap(({ timeMs, series, values }) =>
      series.map((key, at) => ({ series: parseSeries(key), timeMs, value: values[at] ?? NaN })),
    );
  } catch (error) {
    if (error instanceof z.ZodError || codeOf(error) !== undefined) return undefined;
    throw error;
  }
}

function bufferOn({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}
