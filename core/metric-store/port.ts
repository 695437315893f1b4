import type { Dimension, PlanId, ResourceId, ServerId } from '../domain.js';
import type { ForecastBlock } from '../forecast.js';
import type { Panel } from '../panel.js';
import type { Sample, SeriesKey } from '../sample.js';
import type { PlanStatus } from '../table-store/records/plan.js';

/**
 * Where samples, forecasts, scores and events rest. Writes are keyed: repeating one changes nothing, of
 * two different ones the later counts. Times are kept to the millisecond, values as 32-bit floats; ranges
 * are from `fromMs` up to, not including, `toMs`; lists are in the order of their times.
 * Errors of every call: ERR_STORE_UNAVAILABLE – not done, try again later; of writes: ERR_LIMIT_REACHED,
 * and ERR_SAMPLE_INVALID or ERR_EVENT_INVALID – nothing of the call was done; of samples, scores and forecasts:
 * ERR_SERIES_REFUSED – there is no room for more series; those that were known before were written (refusals.ts).
 */
export interface MetricStore {
  /** Resolves when the samples will be read back; durable at the latest `durableWithinMs` later. */
  writeSamples(samples: readonly Sample[]): Promise<void>;
  /**
   * Means per step over [startMs, startMs + steps · stepMs); steps without a sample are NaN. The panel's
   * series are those asked for, in their order, known or not. Samples past their raw retention are means
   * themselves: shorter steps than theirs repeat them, and samples that come later than that only fill gaps.
   */
  readPanel(query: PanelQuery): Promise<Panel>;
  /** The series that have samples at or after `sinceMs`, sorted. */
  listSeries(sinceMs: number): Promise<SeriesKey[]>;

  /**
   * Becomes the latest forecast unless one made later is, by a clock that is not ahead of the store's own by a step; `leads` of it
   * are kept as what was said.
   */
  writeForecast(forecast: ForecastRun): Promise<void>;
  latestForecast(): Promise<ForecastRun | undefined>;
  /**
   * What was said of each step of the range, for one series, `leadMs` before the step's end: lead 1 is one
   * step. Steps nobody forecast are absent.
   */
  readSaid(query: SaidQuery): Promise<readonly Said[]>;
  /** The same for each series and each lead of it, in their order: what is read from files is read once. */
  readSaidOfMany(query: ManySaidQuery): Promise<readonly (readonly (readonly Said[])[])[]>;

  writeScores(scores: readonly Score[]): Promise<void>;
  readScores(fromMs: number, toMs: number): Promise<readonly Score[]>;

  writeEvent(event: StoredEvent): Promise<void>;
  readEvents(fromMs: number, toMs: number): Promise<readonly StoredEvent[]>;

  /** Drops what is past its retention. */
  compact(nowMs: number): Promise<void>;
  close(): Promise<void>;
}

export interface PanelQuery {
  /** Not changed any more: stores keep what they call them for as long as there is this list. */
  readonly series: readonly SeriesKey[];
  readonly startMs: number;
  readonly stepMs: number;
  readonly steps: number;
}

/** One run of the forecaster over all its series. */
export interface ForecastRun {
  readonly madeAtMs: number;
  /** Names of the models by series: what `explain` shows. */
  readonly models: readonly string[];
  readonly block: ForecastBlock;
  /** How far ahead, in steps from 1, what was said is kept for scoring; few. */
  readonly leads: readonly number[];
  /** The most steps that any of the series had been known for; absent: an earlier version made it. */
  readonly stepsKnown?: number | undefined;
}

export interface SaidQuery {
  readonly series: SeriesKey;
  readonly leadMs: number;
  readonly fromMs: number;
  readonly toMs: number;
}

export interface ManySaidQuery {
  readonly series: readonly SeriesKey[];
  readonly leadsMs: readonly number[];
  readonly fromMs: number;
  readonly toMs: number;
}

/** Quantiles once said for the step that starts at `timeMs`. */
export interface Said {
  readonly timeMs: number;
  readonly p10: number;
  readonly p50: number;
  readonly p90: number;
}

/** How good what was said `leadMs` ahead for `series` turned out at the step of `timeMs`. */
export interface Score {
  readonly series: SeriesKey;
  readonly timeMs: number;
  readonly leadMs: number;
  /** 1 if P10 ≤ actual ≤ P90, else 0. */
  readonly inBand: 0 | 1;
  readonly absoluteError: number;
  /** Mean over the quantiles of 2 × pinball loss. */
  readonly pinball: number;
}

/** What happened, for history, annotations and the audit of what was done to the load. */
export type StoredEvent =
  | {
      readonly kind: 'switch';
      readonly timeMs: number;
      readonly plan: PlanId;
      readonly batch: number;
      readonly result: 'applied' | 'given-back' | 'aborted' | 'left-out';
      readonly why: string;
      readonly resources: readonly ResourceId[];
      /** Of what was applied, where each of them went; absent: an earlier version wrote it, or nothing was. */
      readonly targets?: readonly ServerId[] | undefined;
      readonly generation: string;
      readonly drainMs: number;
      readonly holdMs: number;
      readonly heldRequests: number;
      readonly failedRequests: number;
    }
  | {
      readonly kind: 'plan';
      readonly timeMs: number;
      readonly plan: PlanId;
      readonly status: PlanStatus;
      readonly moves: number;
      /** Who decided on it last; null: nobody yet. */
      readonly by: string | null;
      /** What it was made for. */
      readonly text: string;
    }
  | {
      readonly kind: 'server';
      readonly timeMs: number;
      readonly server: ServerId;
      readonly text: string;
    }
  | {
      readonly kind: 'breach';
      readonly timeMs: number;
      readonly server: ServerId;
      readonly dimension: Dimension;
      readonly utilization: number;
    }
  | { readonly kind: 'note'; readonly timeMs: number; readonly text: string };
