import type { Dimension } from '../core/domain.js';
import { DIMENSIONS } from '../core/domain.js';
import type { Metric } from '../core/sample.js';
import { UTILIZATION_MAX } from '../core/sample.js';

/*
 * From what a page says to what is believed. A value in doubt is dropped with its reason: a gap in the
 * history does no harm, an invented zero moves resources.
 */

/**
 * `missing` – the page did not have it; `not-finite` – NaN or an infinity; `negative`; `absurd` – above any limit;
 * `mixed` – counters and gauges for one dimension; `reset` – a counter fell or began anew; `parts-changed` – what it is summed from
 * is not what it was, so the page may have been cut; `stale` – the page is an earlier one; `clock-jump` – a clock went
 * back, or not with ours; `gap` – the poll before is too long ago.
 */
export type DropReason =
  | 'missing'
  | 'not-finite'
  | 'negative'
  | 'absurd'
  | 'mixed'
  | 'reset'
  | 'parts-changed'
  | 'stale'
  | 'clock-jump'
  | 'gap';

export function isDropReason(
  outcome: number | Reading | DropReason | undefined,
): outcome is DropReason {
  return typeof outcome === 'string';
}

/** What a page says about one metric: the sum of its parts. */
export interface Reading {
  readonly kind: 'counter' | 'gauge';
  readonly values: Float64Array;
  /** Names the parts in their order: equal texts, equal parts. */
  readonly parts: string;
  /** When it was measured, in milliseconds of any clock of the page's own; undefined: it does not say. */
  readonly ownMs: number | undefined;
  /** More than this cannot be, by what else is on the page. */
  readonly max: number;
}

/** A moment by our monotonic clock, and by the page's own if it has one. */
export interface Moment {
  readonly monotonicMs: number;
  readonly ownMs: number | undefined;
}

export interface RatesOptions {
  /** With a poll that is longer ago no rate is made. */
  readonly intervalMaxMs: number;
  readonly limits: Readonly<Record<Metric, number>>;
}

/** Beyond any machine of today: what is above it was not measured. */
const ABSOLUTE_MAX: Readonly<Record<Metric, number>> = {
  cpu: 1e5,
  memory: 1e16,
  network: 1e13,
  hits: 1e9,
  inflight: 1e8,
  latency: 1e5,
  utilization: UTILIZATION_MAX,
};

/** What may be believed of a server or resource, for a start; with a capacity no more than `factor` times as much. */
export function believableMax(
  capacity: Readonly<Partial<Record<Dimension, number | undefined>>> = {},
  factor = 1,
): Readonly<Record<Metric, number>> {
  const limits = { ...ABSOLUTE_MAX };
  for (const dimension of DIMENSIONS) {
    const max = (capacity[dimension] ?? Infinity) * factor;
    limits[dimension] = Math.min(limits[dimension], max);
  }
  return limits;
}

/** Counters have 64 bits at most. One far above would seem to stand still, since a number that long has no ones. */
const COUNTER_MAX = 2 ** 64;

interface Taken extends Moment {
  readonly reading: Reading;
}

/** The readings of one target become values: gauges as they are, counters as rates by the second. */
export class Rates {
  readonly #options: RatesOptions;
  /** The last reading of each metric that a next one may be compared with. */
  readonly #before = new Map<Metric, Taken>();

  constructor(options: RatesOptions) {
    this.#options = options;
  }

  /** A value, or why there is none; undefined for the first reading of a counter. */
  measure(metric: Metric, reading: Reading, monotonicMs: number): number | DropReason | undefined {
    const fault = faultIn(reading);
    if (fault !== undefined) return fault;
    const after: Taken = { reading, monotonicMs, ownMs: reading.ownMs };
    const before = this.#before.get(metric);
    const outcome = this.#compared(before, after);
    // An earlier page says nothing about now: the next one is compared with what came before it.
    if (outcome !== 'stale') this.#before.set(metric, after);
    const max = Math.min(this.#options.limits[metric], reading.max);
    return typeof outcome === 'number' ? believed(outcome, max) : outcome;
  }

  #compared(before: Taken | undefined, after: Taken): number | DropReason | undefined {
    const { kind, values, parts } = after.reading;
    if (before === undefined) return kind === 'gauge' ? sum(values) : undefined;
    const elapsedMs = elapsed(before, after);
    if (isDropReason(elapsedMs)) return elapsedMs;
    if (before.reading.parts !== parts || before.reading.kind !== kind) return 'parts-changed';
    if (kind === 'gauge') return sum(values);
    if (elapsedMs > this.#options.intervalMaxMs) return 'gap';
    const growth = growthOf(before.reading.values, values);
    return growth === undefined ? 'reset' : growth / (elapsedMs / 1000);
  }
}

/** An answer that is late by so much says nothing against the clock in it, however often one asks. */
const ANSWER_SLACK_MS = 1000;

/**
 * The time between two readings, above 0. By the page's own clock if it has one, since an answer may have been long on its
 * way; but that clock must have gone about as ours has.
 */
export function elapsed(before: Moment, after: Moment): number | DropReason {
  const ours = after.monotonicMs - before.monotonicMs;
  if (before.ownMs === undefined || after.ownMs === undefined) return ours > 0 ? ours : 'stale';
  const own = after.ownMs - before.ownMs;
  if (own === 0) return 'stale';
  return own >= ours / 4 && own <= 2 * ours + ANSWER_SLACK_MS ? own : 'clock-jump';
}

/**
 * How much the counters grew together; undefined if one of them fell. A wrapped counter cannot be told from one that began
 * anew, and is taken for it: an interval is lost, no rate is invented.
 */
export function growthOf(before: Float64Array, after: Float64Array): number | undefined {
  let growth = 0;
  for (const [at, value] of after.entries()) {
    const increase = value - (before[at] ?? 0);
    if (increase < 0) return undefined;
    growth += increase;
  }
  return growth;
}

/** The value, unless it is more than can be. */
export function believed(value: number, max: number): number | DropReason {
  if (!Number.isFinite(value)) return 'not-finite';
  return value <= max ? value : 'absurd';
}

function faultIn({ kind, values }: Reading): DropReason | undefined {
  if (!values.every(Number.isFinite)) return 'not-finite';
  if (values.some((value) => value < 0)) return 'negative';
  return kind === 'counter' && values.some((value) => value > COUNTER_MAX) ? 'absurd' : undefined;
}

function sum(values: Float64Array): number {
  return values.reduce((total, value) => total + value, 0);
}
