import type { Builder, Dataquery } from '@grafana/grafana-foundation-sdk/cog';
import { DataqueryBuilder } from '@grafana/grafana-foundation-sdk/prometheus';
import { InfluxQuery } from './influx-query.js';

/* Where panels read: two variables of every dashboard, so that none names a source of one installation. */

interface SourceRef {
  readonly type: string;
  readonly uid: string;
}

export const INFLUX: SourceRef = { type: 'influxdb', uid: '${datasource}' };
const PROMETHEUS: SourceRef = { type: 'prometheus', uid: '${prometheus}' };

/** What a panel shows, of one source. */
export interface Data {
  readonly source: SourceRef;
  readonly queries: readonly Builder<Dataquery>[];
}

const REF_IDS = ['A', 'B', 'C', 'D', 'E'] as const;

/** Each by its alias. */
export function influx(...queries: readonly (readonly [statement: string, alias: string])[]): Data {
  return {
    source: INFLUX,
    queries: queries.map(([statement, alias], at) =>
      new InfluxQuery(statement).alias(alias).refId(REF_IDS[at] ?? 'Z'),
    ),
  };
}

export function influxTable(statement: string): Data {
  return { source: INFLUX, queries: [new InfluxQuery(statement).table()] };
}

/** Over time, each by its legend (`{{server}}`). */
export function prometheus(...queries: readonly (readonly [expr: string, legend: string])[]): Data {
  return { source: PROMETHEUS, queries: queries.map(promQuery).map((query) => query.range()) };
}

/** As it is now. */
export function prometheusNow(
  ...queries: readonly (readonly [expr: string, legend: string])[]
): Data {
  return { source: PROMETHEUS, queries: queries.map(promQuery).map((query) => query.instant()) };
}

function promQuery([expr, legend]: readonly [string, string], at: number): DataqueryBuilder {
  return new DataqueryBuilder()
    .expr(expr)
    .legendFormat(legend)
    .refId(REF_IDS[at] ?? 'Z');
}
