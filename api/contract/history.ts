import { z } from 'zod';
import { PLAN_STATUSES } from '../../core/table-store/records/plan.js';

/* What `GET /v1/history` answers: the plans that are remembered, the latest first, and who changed what. */

export const historySchema = z.object({
  plans: z.array(
    z.object({
      id: z.string(),
      status: z.enum(PLAN_STATUSES),
      by: z.string().nullable(),
      reason: z.string(),
      trigger: z.string(),
      madeAtMs: z.number(),
      finishedAtMs: z.number().nullable(),
      moves: z.number(),
      /** Moves that were switched. */
      applied: z.number(),
      drainMs: z.number(),
      holdMs: z.number(),
      heldRequests: z.number(),
      failedRequests: z.number(),
      /** Of the last commit; null: nothing was. */
      generation: z.string().nullable(),
      /** Why what was not switched was not. */
      why: z.string(),
    }),
  ),
  acts: z.array(
    z.object({ atMs: z.number(), who: z.string(), what: z.string(), detail: z.string() }),
  ),
});
export type History = z.infer<typeof historySchema>;
