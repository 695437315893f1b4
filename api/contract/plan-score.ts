import { z } from 'zod';
import { planSchema } from '../../core/plan.js';

/* What `GET /v1/plans/:plan/score` answers: how good a plan is by the newest forecast, also with some of its moves left out. */

const pathSchema = z.array(z.number());

export const planScoreSchema = z.object({
  plan: z.string(),
  atMs: z.number(),
  /** Resources whose moves are left out. */
  without: z.array(z.string()),
  moves: z.number(),
  /** Resources whose moves cannot be made any more. */
  impossible: z.array(z.string()),
  analysis: planSchema.shape.analysis.unwrap().omit({ blockers: true, stopped: true }),
  /** One sentence each: what it brings, and what becomes of it if the load turns out low, high, or stays. */
  text: z.string(),
  worlds: z.array(z.string()),
  /** P90 of the utilization of each server that changes, step by step, without and with the moves. */
  stepMs: z.number(),
  fromMs: z.number(),
  ahead: z.array(z.object({ server: z.string(), nothing: pathSchema, plan: pathSchema })),
});
export type PlanScoreView = z.infer<typeof planScoreSchema>;
