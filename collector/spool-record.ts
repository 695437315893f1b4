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
  return Buffer.from(JSON.stringify(record));
}

/** The batch; undefined if it is none of ours, such as one of a later version. */
export function decodeSamples(bytes: Uint8Array): Sample[] | undefined {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
  try {
    const { groups } = recordSchema.parse(parseJson(text, 'the record', LIMITS));
    return groups.flatMap(({ timeMs, series, values }) =>
      series.map((key, at) => ({ series: parseSeries(key), timeMs, value: values[at] ?? NaN })),
    );
  } catch (error) {
    if (error instanceof z.ZodError || codeOf(error) !== undefined) return undefined;
    throw error;
  }
}
