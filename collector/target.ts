import type { Clock } from '../core/clock/port.js';
import type { MetricsSource } from '../core/config/metrics-source.js';
import type { ServerId } from '../core/domain.js';
import type { Net } from '../core/net/port.js';
import { HttpJsonSource } from './http-json.js';
import { NODE_EXPORTER } from './prometheus/node-exporter.js';
import { PrometheusSource } from './prometheus/prometheus-source.js';
import { SelectedMapping } from './prometheus/selected.js';
import { believableMax } from './rates.js';
import type { RedirectorSourceParts } from './redirector-source.js';
import { RedirectorSource } from './redirector-source.js';
import type { Capacity } from './server-harvest.js';
import type { Source } from './source.js';

/** Something to poll. */
export interface Target {
  /** Names it in logs and metrics: a server, or the redirectors. */
  readonly name: string;
  readonly kind: MetricsSource['source'] | 'redirector';
  /** Another text: polled as something else from now on, with nothing remembered. */
  readonly version: string;
  readonly open: () => Source;
}

export interface TargetOptions {
  /** Between two polls. */
  readonly everyMs: number;
  readonly pageBytesMax: number;
  /** More than a capacity times this is not believed. */
  readonly absurdFactor: number;
  readonly resourcesMax: number;
}

/** A rate may be over so many polls, if those between failed: longer ones say too little about now. */
const INTERVAL_PERIODS_MAX = 3.5;

export interface MeasuredServer {
  readonly id: ServerId;
  readonly metrics: MetricsSource;
  readonly capacity: Capacity;
}

/** A server whose load is read where `metrics` says. */
export function serverTarget(
  net: Net,
  { id, metrics, capacity }: MeasuredServer,
  { everyMs, pageBytesMax, absurdFactor }: TargetOptions,
): Target {
  const options = {
    server: id,
    url: metrics.url,
    capacity,
    pageBytesMax,
    intervalMaxMs: INTERVAL_PERIODS_MAX * everyMs,
    limits: believableMax(capacity, absurdFactor),
  };
  return {
    name: id,
    kind: metrics.source,
    version: JSON.stringify([metrics, capacity]),
    open: () => {
      if (metrics.source === 'http-json') {
        return new HttpJsonSource(net, { ...options, paths: metrics.paths });
      }
      const mapping =
        metrics.mapping === 'node_exporter' ? NODE_EXPORTER : new SelectedMapping(metrics.mapping);
      return new PrometheusSource(net, { ...options, mapping });
    },
  };
}

/** All redirectors together: they know the load of the resources. */
export function redirectorsTarget(
  parts: RedirectorSourceParts & { readonly clock: Clock },
  { everyMs, resourcesMax }: TargetOptions,
): Target {
  const intervalMaxMs = INTERVAL_PERIODS_MAX * everyMs;
  const options = { intervalMaxMs, limits: believableMax(), resourcesMax };
  return {
    name: 'redirectors',
    kind: 'redirector',
    version: '',
    open: () => new RedirectorSource(parts, options),
  };
}
