import type { Json } from '../json.js';

/** A switch is none of them: its record is what wakes whoever carries it out (docs/decisions/0019). */
export const JOB_KINDS = ['round', 'rebalance', 'train', 'backtest', 'tune', 'compaction'] as const;
export type JobKind = (typeof JOB_KINDS)[number];

/**
 * Scheduled and queued jobs. At least once: a job whose process died runs again, so handlers may be
 * repeated without harm; the records of the table store are the truth, a job is a nudge.
 * Errors: ERR_STORE_UNAVAILABLE; ERR_LIMIT_REACHED when the queue is full; ERR_SCHEDULE_INVALID.
 */
export interface Bus {
  /** Hands jobs of a kind to `handle`, so many at once; resolves when it is registered. */
  work(kind: JobKind, handle: Handler, options?: { readonly concurrency?: number }): Promise<void>;
  /** With an id, a job that waits or runs under the same kind and id absorbs this one. */
  enqueue(kind: JobKind, data: Json, options?: EnqueueOptions): Promise<'queued' | 'duplicate'>;
  /** Makes or replaces the schedule of this name. A run that is still waiting absorbs the next. */
  schedule(name: string, when: When, kind: JobKind, data: Json): Promise<void>;
  unschedule(name: string): Promise<void>;
  /** Waiting, running and the latest finished jobs, newest first. */
  jobs(): Promise<readonly JobView[]>;
  /** Lets running handlers end (their signals abort), takes no more. */
  close(): Promise<void>;
}

export type Handler = (job: Job) => Promise<Json>;

export interface Job {
  readonly id: string;
  readonly kind: JobKind;
  readonly data: Json;
  /** From 1. */
  readonly attempt: number;
  /** Aborts when the bus closes. */
  readonly signal: AbortSignal;
  progress(report: Progress): void;
}

export interface Progress {
  readonly phase: string;
  readonly done: number;
  readonly total: number;
  readonly message: string;
}

export interface EnqueueOptions {
  readonly id?: string;
  readonly delayMs?: number;
  /** Tries in all; default 3, with doubling pauses. */
  readonly attemptsMax?: number;
}

export type When =
  { readonly everyMs: number } | { readonly cron: string; readonly timeZone?: string };

export interface JobView {
  readonly id: string;
  readonly kind: JobKind;
  readonly state: 'waiting' | 'running' | 'done' | 'failed';
  readonly attempt: number;
  readonly queuedAtMs: number;
  readonly finishedAtMs: number | null;
  readonly progress: Progress | null;
  /** Why the last attempt failed. */
  readonly failure: string | null;
}
