import type { Address } from '../core/domain.js';

/* What the demo and its child processes say to each other, over Node's channel between parent and child. */

export interface ServerArguments {
  readonly id: string;
  readonly resources: readonly string[];
  readonly registrationUrl: string;
  readonly token: string;
  /** Cores that it declares as its capacity. */
  readonly capacityCpu: number;
  /** CPU that a request costs in the handler, in milliseconds, burnt for real. */
  readonly burnMs: number;
  readonly answerBytes: number;
  /** Every request that it ran is written here, one line each: `id resource since`. */
  readonly journal: string;
  readonly dataDir: string;
}

export interface ServerReady {
  readonly kind: 'ready';
  readonly address: Address;
  /** Where its exporter is scraped. */
  readonly metricsUrl: string;
}

export interface LoadArguments {
  /** Requests go to them in turn. */
  readonly proxies: readonly Address[];
  readonly resources: readonly string[];
  readonly stepMs: number;
  readonly steps: number;
  /** Requests a second, series-major: resource r at step k is `[r · steps + k]`; begins anew at the end. */
  readonly rates: Float32Array;
  readonly seed: number;
  /** Where what became of every request is written, one line each: `id outcome status`. */
  readonly ledger: string;
}

/** A stretch of time, wall clock, and the resources that were being switched in it. */
export interface Window {
  readonly fromMs: number;
  readonly toMs: number;
  readonly resources: readonly string[];
}

export type ToLoad =
  | { readonly kind: 'report'; readonly windows: readonly Window[] }
  /** No new requests; ends when those under way have ended. */
  | { readonly kind: 'stop' };

export type FromLoad =
  | { readonly kind: 'started' }
  | ({ readonly kind: 'report' } & LoadReport)
  | { readonly kind: 'stopped' };

export interface LoadReport {
  readonly sent: number;
  readonly answered: number;
  /** Answered with an error, or not at all, or with another request's answer. */
  readonly failed: number;
  readonly skipped: number;
  readonly perSecond: number;
  /** Milliseconds: of requests for resources that were being switched, and of all others. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly switchedP99Ms: number | null;
  readonly switchedRequests: number;
  /** The first failures, for a person. */
  readonly failures: readonly string[];
}
