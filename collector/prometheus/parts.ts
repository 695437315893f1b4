import { createHash } from 'node:crypto';
import type { Reading } from '../rates.js';
import type { ExpositionSample } from './exposition.js';

export interface Part {
  readonly sample: ExpositionSample;
  readonly scale: number;
}

/**
 * What a reading is summed from, in an order that does not hang on the page's. Of the parts' names only a digest is kept: a
 * server may have thousands, and a text cut from a page would keep the whole page in memory.
 */
export function readingOf(
  parts: readonly Part[],
  { kind, ownMs, max = Infinity }: Pick<Reading, 'kind' | 'ownMs'> & { readonly max?: number },
): Reading {
  const sorted = parts.toSorted((a, b) => (a.sample.key < b.sample.key ? -1 : 1));
  const names = sorted.map(({ sample }) => sample.key).join('\n');
  return {
    kind,
    values: Float64Array.from(sorted, ({ sample, scale }) => sample.value * scale),
    parts: createHash('sha256').update(names).digest('base64'),
    ownMs,
    max,
  };
}

/**
 * When the parts were measured, if the page says so: the oldest of them counts, so that one that was not measured anew makes
 * the whole an earlier reading.
 */
export function timeOf(parts: readonly Part[]): number | undefined {
  const times = parts.flatMap(({ sample }) => sample.timestampMs ?? []);
  return times.length === 0 ? undefined : Math.min(...times);
}
