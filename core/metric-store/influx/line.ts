import { strict as assert } from 'node:assert';
import { quoted } from './names.js';

/*
 * Line protocol: `measurement,tag=value field=1,other="text" 1700000000000`. Measurements, tag keys and fields are words of
 * schema.ts, values of tags come from names.ts, so only texts need escaping. A number that is none would make InfluxDB refuse
 * every line that came with it: that it never gets here is asserted.
 */

/** A bigint is an integer there, a number a float: a field is of one type for ever. */
export type FieldValue = number | bigint | string;

/** `resource_load,resource=vol-7`: a series, and the beginning of its lines. */
export function lineHead(
  measurement: string,
  tags: readonly (readonly [key: string, tag: string])[] = [],
): string {
  return tags.reduce((head, [key, tag]) => `${head},${key}=${tag}`, measurement);
}

/** @param time in the precision of the write, a whole number */
export function lineOf(
  head: string,
  fields: Readonly<Record<string, FieldValue>>,
  time: number | bigint,
): string {
  const written = Object.entries(fields).map(([field, value]) => `${field}=${textOf(value)}`);
  assert.ok(written.length > 0, 'a line has a field');
  assert.ok(typeof time === 'bigint' || Number.isSafeInteger(time), 'a line has a whole time');
  return `${head} ${written.join(',')} ${time}`;
}

function textOf(value: FieldValue): string {
  if (typeof value === 'string') return quoted(value);
  if (typeof value === 'bigint') return `${value}i`;
  assert.ok(Number.isFinite(value), 'a field is a finite number');
  return String(value);
}
