import { strict as assert } from 'node:assert';

/*
 * Parts of InfluxQL. Every statement about times names both ends: without them InfluxDB would begin at 1677, or end now.
 * Names are those of schema.ts; values of tags come from names.ts, so that no quote is ever in one.
 */

export interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

/** 2200: nothing later is kept (limits.ts). */
const TIME_MAX_MS = 7_258_118_400_000;

export function during({ fromMs, toMs }: Span): string {
  const from = Math.ceil(Math.min(Math.max(fromMs, 0), TIME_MAX_MS));
  const to = Math.ceil(Math.min(Math.max(toMs, 0), TIME_MAX_MS));
  return `time >= ${from}ms AND time < ${to}ms`;
}

export function since(fromMs: number): string {
  return during({ fromMs, toMs: TIME_MAX_MS });
}

/** Of a tree, not of a row: InfluxDB reads conditions by recursion. */
export function anyOf(key: string, tags: readonly string[]): string {
  assert.ok(tags.length > 0, 'a condition has an alternative');
  if (tags.length === 1) return `"${key}" = '${tags[0]!}'`;
  const half = tags.length >> 1;
  return `(${anyOf(key, tags.slice(0, half))} OR ${anyOf(key, tags.slice(half))})`;
}

/** The buckets of a grid: they begin at `startMs`, whatever the epoch. */
export function buckets(stepMs: number, startMs: number): string {
  assert.ok(Number.isInteger(stepMs) && Number.isInteger(startMs), 'a grid is of milliseconds');
  return `time(${stepMs}ms, ${startMs % stepMs}ms)`;
}
