import { z } from 'zod';
import { packArrays, unpackArrays } from '../core/disk/arrays.js';
import { fail } from '../core/errors.js';
import { formatSeries, parseSeries } from '../core/sample.js';
import { countSchema } from '../core/schema.js';
import type { BlendState } from '../models/blend-state.js';
import type { KnownSeries } from './known-series.js';
import { BLOCK_SERIES } from './known-series.js';

/** What there is to be kept of a `Forecasting`. */
export interface SavedForecasting {
  /** Options that the numbers depend on, as text. */
  readonly settings: string;
  readonly endStep: number | undefined;
  readonly series: readonly KnownSeries[];
  readonly blocks: readonly BlendState[];
}

/** No fleet is larger: a damaged count must not ask for all the memory there is. */
const BLOCKS_MAX = 1 << 16;

const headSchema = z.object({
  format: z.literal('foreshift-forecasting'),
  version: z.literal(1),
  settings: z.string(),
  endStep: z.int().nullable(),
  blocks: z.int().min(0).max(BLOCKS_MAX),
  series: z.array(
    z.object({
      key: z.string(),
      block: countSchema,
      slot: z
        .int()
        .min(0)
        .max(BLOCK_SERIES - 1),
      firstStep: z.int(),
      lastStep: z.int(),
    }),
  ),
});

export function encodeForecasting({
  settings,
  endStep,
  series,
  blocks,
}: SavedForecasting): Uint8Array {
  const head: z.input<typeof headSchema> = {
    format: 'foreshift-forecasting',
    version: 1,
    settings,
    endStep: endStep ?? null,
    blocks: blocks.length,
    series: series.map(({ key, block, slot, firstStep, lastStep }) => ({
      key: formatSeries(key),
      block,
      slot,
      firstStep,
      lastStep,
    })),
  };
  return packArrays(
    head,
    blocks.flatMap(({ arrays }) => arrays),
  );
}

/** @throws ERR_FORECASTS_UNUSABLE */
export function decodeForecasting(
  bytes: Uint8Array,
  settings: string,
  makeBlocks: (saved: {
    readonly series: readonly KnownSeries[];
    readonly blocks: number;
  }) => readonly BlendState[],
): { readonly endStep: number | undefined; readonly series: readonly KnownSeries[] } {
  const packed = unpackArrays(bytes);
  const head = headSchema.safeParse(packed?.head);
  if (packed === undefined || !head.success) return unusable('they are damaged');
  const { blocks, endStep } = head.data;
  if (head.data.settings !== settings) return unusable('they were saved with other settings');
  if (head.data.series.some(({ block }) => block >= blocks)) return unusable('they are damaged');
  const series = head.data.series.map((known) => ({
    ...known,
    key: parseSeries(known.key),
    loading: 0,
  }));
  const made = makeBlocks({ series, blocks });
  const isWhole = packed.fill(made.flatMap(({ arrays }) => arrays));
  return isWhole ? { endStep: endStep ?? undefined, series } : unusable('they are damaged');
}

function unusable(why: string): never {
  return fail('ERR_FORECASTS_UNUSABLE', { why });
}
