import { z } from 'zod';
import { planSchema } from '../../core/plan.js';
import { PLAN_STATUSES } from '../../core/table-store/records/plan.js';

/* A plan as the API shows it. */

const outcomeSchema = z.object({
  batch: z.number(),
  result: z.enum(['applied', 'given-back', 'aborted', 'left-out', 'stale']),
  why: z.string(),
  attempts: z.number(),
  resources: z.array(z.string()),
  generation: z.string().nullable(),
  atMs: z.number(),
  drainMs: z.number(),
  holdMs: z.number(),
  heldRequests: z.number(),
  failedRequests: z.number(),
});

export const planViewSchema = z.object({
  id: z.string(),
  status: z.enum(PLAN_STATUSES),
  by: z.string().nullable(),
  reason: z.string(),
  decidedAtMs: z.number().nullable(),
  startAtMs: z.number().nullable(),
  finishedAtMs: z.number().nullable(),
  trigger: planSchema.shape.trigger,
  madeAtMs: z.number(),
  expiresAtMs: z.number(),
  base: z.string(),
  /** Why it could not be applied as it stands; null: it fits. */
  stale: z.string().nullable(),
  moves: z.array(
    z.object({
      batch: z.number(),
      resource: z.string(),
      source: z.string().nullable(),
      target: z.string(),
      demand: z.record(z.string(), z.number()),
      /** The reason, as data and as one sentence. */
      kind: z.string(),
      text: z.string(),
      /** When it should start, epoch milliseconds, and as words; null: at once. */
      window: z
        .object({ fromMs: z.number(), untilMs: z.number(), cheapestMs: z.number() })
        .nullable(),
      start: z.string().nullable(),
    }),
  ),
  standbys: z.number(),
  analysis: planSchema.shape.analysis,
  outcomes: z.array(outcomeSchema),
});
export type PlanView = z.infer<typeof planViewSchema>;

/** What `POST /v1/plans` answers: the round that it began, and its plan if it made one. */
export const roundAnswerSchema = z.object({
  atMs: z.number(),
  plan: planViewSchema.nullable(),
  /** Why there is none, in one sentence. */
  none: z.object({ why: z.string(), text: z.string() }).nullable(),
});
export type RoundAnswer = z.infer<typeof roundAnswerSchema>;
