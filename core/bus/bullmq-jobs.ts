import type { Job as QueuedJob } from 'bullmq';
import { z } from 'zod';
import type { Json } from '../json.js';
import { clip } from '../text.js';
import type { JobKind, JobView, Progress } from './port.js';

/*
 * Our jobs as BullMQ holds them. Its own ids are ours to choose, and never used again; the id that a job was given by
 * whoever queued it is part of its data, since it may come again once the job has ended.
 */

const payloadSchema = z.object({
  /** Null: the job was given none. */
  id: z.string().nullable(),
  data: z.custom<Json>((value) => value !== undefined),
});
export type Payload = z.output<typeof payloadSchema>;

export type Queued = QueuedJob<Payload, null>;

const progressSchema = z.object({
  phase: z.string(),
  done: z.number(),
  total: z.number(),
  message: z.string(),
});

/** What is shown of a job that somebody else's version may have written. */
export function jobOf(job: Queued): { readonly id: string; readonly data: Json } {
  const { success, data } = payloadSchema.safeParse(job.data);
  const own = job.id ?? '';
  return success ? { id: data.id ?? own, data: data.data } : { id: own, data: null };
}

/** A scheduled job was queued when it was due; BullMQ makes it one period before. */
export function dueAtMs(job: Queued): number {
  const planned = job.repeatJobKey === undefined ? undefined : job.opts.prevMillis;
  return planned ?? job.timestamp;
}

export function viewOf(job: Queued, kind: JobKind, state: JobView['state']): JobView {
  const isOver = state === 'done' || state === 'failed';
  return {
    id: jobOf(job).id,
    kind,
    state,
    // Counted by BullMQ when an attempt has ended.
    attempt: state === 'running' ? job.attemptsMade + 1 : job.attemptsMade,
    queuedAtMs: dueAtMs(job),
    finishedAtMs: isOver ? (job.finishedOn ?? job.timestamp) : null,
    progress: state === 'running' ? progressOf(job) : null,
    failure: state === 'done' ? null : failureOf(job),
  };
}

function failureOf({ failedReason }: Partial<Queued>): string | null {
  return failedReason === undefined ? null : clip(failedReason);
}

function progressOf({ progress }: Queued): Progress | null {
  const { success, data } = progressSchema.safeParse(progress);
  return success ? data : null;
}
