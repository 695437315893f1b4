import type { Dimension, ResourceId, ServerId } from './domain.js';
import { DIMENSIONS, resourceId, serverId } from './domain.js';
import { fail } from './errors.js';
import { clip } from './text.js';

/**
 * What is measured over time. Servers and resources have the four dimensions; `inflight` (requests) and
 * `latency` (seconds, mean over the poll) are the redirector's, for resources only; `utilization`, for servers only, is
 * the largest of its loads as a share of its capacity at that time: 1 is full.
 */
export type Metric = Dimension | 'inflight' | 'latency' | 'utilization';
export const METRICS: readonly Metric[] = [...DIMENSIONS, 'inflight', 'latency', 'utilization'];

/** A server that seems fuller has a capacity that is none. */
export const UTILIZATION_MAX = 1e5;

export type SeriesKey =
  | { readonly subject: 'server'; readonly id: ServerId; readonly metric: Metric }
  | { readonly subject: 'resource'; readonly id: ResourceId; readonly metric: Metric };

/**
 * One measured value. Units are those of `Dimension`. A sample is keyed by series and time: writing it
 * twice is writing it once. `value` is finite and not negative (the collector's promise).
 */
export interface Sample {
  readonly series: SeriesKey;
  /** Epoch milliseconds. */
  readonly timeMs: number;
  readonly value: number;
}

/** `resource/vol-7/cpu`: the key of a map, a file or a log line. */
export function formatSeries({ subject, id, metric }: SeriesKey): string {
  return `${subject}/${id}/${metric}`;
}

/** @throws ERR_SERIES_INVALID, ERR_NAME_INVALID */
export function parseSeries(text: string): SeriesKey {
  const [subject, id, metric, ...rest] = text.split('/');
  if (isMetric(metric) && rest.length === 0) {
    if (subject === 'server') return { subject, id: serverId(id), metric };
    if (subject === 'resource') return { subject, id: resourceId(id), metric };
  }
  return fail('ERR_SERIES_INVALID', { series: clip(text) });
}

function isMetric(text: string | undefined): text is Metric {
  return METRICS.some((metric) => metric === text);
}
