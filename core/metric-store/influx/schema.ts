import { DAY_MS } from '../day.js';
import type { Metric, SeriesKey } from '../../sample.js';

import { tagOf } from './names.js';

/*
 * What is where. Fields of metrics have the names and units of `Metric`; tags hold names as names.ts writes them.
 *
 *   raw.server_load{server}, raw.resource_load{resource}      samples as they came
 *   means.server_load, means.resource_load                    of days past their raw retention: means, and `<metric>_count`
 *   means.rollup_day          step_ms                         one point a day whose means count, at its beginning
 *   forecasts.forecast_latest{server|resource,metric}         p10, p50, p90 of the latest forecast, at the steps' beginnings
 *   forecasts.forecast{server|resource,metric,horizon}        p10, p50, p90 that were said so long before the step's end
 *   forecasts.forecast_score{server|resource,metric,horizon}  in_band, abs_err, pinball
 *   forecasts.forecast_run    end_ms, text                    one point a run: the region of its steps
 *   events.switch | plan | server_event | breach | note       the event's own fields, and `event`, its JSON
 *   events.switch_region      end_ms, text, plan, result     from the beginning of a switch's hold to its end
 *   events.placement{resource}                                server, plan: where a switch brought a resource
 *   state.forecast_part{slot}, state.forecast_head{slot}      the latest forecast, whole (latest-forecast.ts)
 *
 * A sample does not say which server had its resource (the table's history does), so `resource_load` has no tag for it: with
 * one, the same sample written before and after a switch would count twice. Plans are fields, not tags: a tag would be a series
 * a plan for as long as events are kept.
 */

export const SUBJECTS = ['server', 'resource'] as const;
export type Subject = SeriesKey['subject'];

export function loadOf(subject: Subject): `${Subject}_load` {
  return `${subject}_load`;
}

export function countOf(metric: Metric): string {
  return `${metric}_count`;
}

/** The tags of what is about one series. */
export function seriesTags({ subject, id, metric }: SeriesKey): [string, string][] {
  return [
    [subject, tagOf(id)],
    ['metric', metric],
  ];
}

/** `5m`, `90s`, `1500ms`: one text for one lead. */
export function horizonOf(leadMs: number): string {
  if (leadMs % 60_000 === 0) return `${leadMs / 60_000}m`;
  return leadMs % 1000 === 0 ? `${leadMs / 1000}s` : `${leadMs}ms`;
}

const UNIT_MS: Readonly<Record<string, number>> = { m: 60_000, s: 1000, ms: 1 };

/** Undefined: no lead has this text. */
export function leadMsOf(horizon: string): number | undefined {
  const [, count, unit = ''] = /^([0-9.]{1,16})(ms|s|m)$/.exec(horizon) ?? [];
  const leadMs = Number(count) * (UNIT_MS[unit] ?? NaN);
  return horizonOf(leadMs) === horizon ? leadMs : undefined;
}

export type PolicyName = 'raw' | 'means' | 'forecasts' | 'events' | 'state';

/** What dashboards draw, beside loads: each measurement with where it is kept. */
export const DRAWN = {
  forecast_latest: 'forecasts',
  forecast: 'forecasts',
  forecast_score: 'forecasts',
  forecast_run: 'forecasts',
  switch: 'events',
  switch_region: 'events',
  placement: 'events',
  plan: 'events',
  note: 'events',
} as const satisfies Readonly<Record<string, PolicyName>>;
export type Drawn = keyof typeof DRAWN;

/** A retention policy. InfluxDB drops shards, each of `shardMs`, that are wholly older than `keptMs`; 0: never. */
export interface Policy {
  readonly name: PolicyName;
  readonly keptMs: number;
  readonly shardMs: number;
}

export interface Retention {
  /** Samples are kept as they came for this long, by whole days. */
  readonly rawRetentionMs: number;
  /** After that, means over this are; it divides a day. */
  readonly rollupMs: number;
  /** Means and events are kept for this long. */
  readonly rollupRetentionMs: number;
  /** What was said, and scores. */
  readonly forecastRetentionMs: number;
}

/** What is older than its retention by so much is not written any more; InfluxDB, by its own clock, refuses it a day later. */
export const GRACE_MS = DAY_MS;

/**
 * Raw samples are dropped a day at a time by rollups.ts, once their means are there: the policy's own bound is for what that
 * never reaches.
 */
export function policiesOf({
  rollupRetentionMs,
  forecastRetentionMs,
}: Pick<Retention, 'rollupRetentionMs' | 'forecastRetentionMs'>): readonly Policy[] {
  const keptMs = rollupRetentionMs + 2 * GRACE_MS;
  return [
    { name: 'raw', keptMs, shardMs: DAY_MS },
    { name: 'means', keptMs, shardMs: 7 * DAY_MS },
    { name: 'forecasts', keptMs: forecastRetentionMs + 2 * GRACE_MS, shardMs: DAY_MS },
    { name: 'events', keptMs, shardMs: 7 * DAY_MS },
    { name: 'state', keptMs: 0, shardMs: 7 * DAY_MS },
  ];
}
