import { z } from 'zod';

/* What `GET /v1/switches` answers: every batch that was switched, or was tried to, the latest first. */

export const switchesSchema = z.object({
  switches: z.array(
    z.object({
      plan: z.string(),
      batch: z.number(),
      atMs: z.number(),
      result: z.enum(['applied', 'given-back', 'aborted', 'left-out', 'stale']),
      why: z.string(),
      attempts: z.number(),
      moves: z.array(
        z.object({ resource: z.string(), source: z.string().nullable(), target: z.string() }),
      ),
      /** That it committed; null: nothing. */
      generation: z.string().nullable(),
      /** Part of the hold. */
      drainMs: z.number(),
      /** From the first held request to the last that was let go. */
      holdMs: z.number(),
      heldRequests: z.number(),
      failedRequests: z.number(),
    }),
  ),
  /** Plans of which something can still be taken back. */
  undoable: z.array(z.string()),
  /** Of the applied ones that are remembered, first placements left out. */
  holds: z.object({ count: z.number(), p50Ms: z.number(), p99Ms: z.number() }).nullable(),
});
export type Switches = z.infer<typeof switchesSchema>;
