import { z } from 'zod';
import { planScoreSchema } from '../../core/plan.js';

/** What `GET /v1/what-if` answers: the same words as the command line shows. */
export const whatIfSchema = z.object({
  /** Of which moment this is, with the changes and without, epoch milliseconds: at most ten minutes ago. A note says so too. */
  plannedAtMs: z.number(),
  headline: z.string(),
  /** How the fleet stands: as it is, with the changes if nothing is done, and with the plan that would follow. */
  asIs: z.string(),
  nothing: z.string(),
  plan: z.string(),
  /** The same as figures (docs/ARCHITECTURE.md, "Score"); `asIsPlan`: as it is, with the plan for that. */
  scores: z.object({
    asIs: planScoreSchema,
    asIsPlan: planScoreSchema,
    nothing: planScoreSchema,
    plan: planScoreSchema,
  }),
  /** What would come to pass by the changes and does not with the plan; what does all the same. */
  avoided: z.array(z.string()),
  left: z.array(z.string()),
  /** The smallest things that stand in the way of more. */
  blocked: z.array(z.string()),
  moves: z.array(
    z.object({
      batch: z.number(),
      resource: z.string(),
      source: z.string().nullable(),
      target: z.string(),
      text: z.string(),
    }),
  ),
  notes: z.array(z.string()),
});
export type WhatIfAnswer = z.infer<typeof whatIfSchema>;
