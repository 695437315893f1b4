import { DRAWN, loadOf } from '../core/metric-store/influx/schema.js';
import type { Drawn, Subject } from '../core/metric-store/influx/schema.js';

/*
 * Parts of InfluxQL. `$timeFilter` has both ends, so that statements see what is after now; the future alone is what is asked
 * for with `FUTURE`.
 */

/** The steps of the time axis; those without a value are left out. */
export const STEPS = 'time($__interval)';
export const FUTURE = 'time >= now() - 5m';

/** `"forecasts"."forecast_latest"` */
export function of(measurement: Drawn): string {
  return `"${DRAWN[measurement]}"."${measurement}"`;
}

/** Loads as they came, or the means of what is older: as the dashboard's variable says. */
export function loads(subject: Subject): string {
  return `"$samples"."${loadOf(subject)}"`;
}

export interface Selection {
  readonly select: string;
  readonly from: string;
  /** Beside the time. */
  readonly where?: readonly string[];
  readonly groupBy?: readonly string[];
  readonly fill?: 'none' | '0';
}

export function selected({
  select,
  from,
  where = [],
  groupBy = [],
  fill = 'none',
}: Selection): string {
  const conditions = [...where, '$timeFilter'].join(' AND ');
  const groups = groupBy.length === 0 ? '' : ` GROUP BY ${groupBy.join(', ')}`;
  const gaps = groupBy.some((group) => group.startsWith('time(')) ? ` fill(${fill})` : '';
  return `SELECT ${select} FROM ${from} WHERE ${conditions}${groups}${gaps}`;
}

/** Several fields of one statement, each under its own name: what `$col` names. */
export function each(make: string, fields: readonly string[]): string {
  return fields.map((field) => `${make}("${field}") AS "${field}"`).join(', ');
}
