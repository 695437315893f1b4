import { z } from 'zod';
import { whatIfSchema } from './what-if.js';

/** What `GET /v1/explain/:resource` answers: the same words as the command line and the page show. */
export const explainSchema = z.object({
  resource: z.string(),
  /** Of which moment this is, epoch milliseconds: at most ten minutes ago. A note says so too. */
  plannedAtMs: z.number(),
  server: z.string().nullable(),
  verdict: z.enum(['stays', 'moves', 'under-way', 'stuck']),
  headline: z.string(),
  /** How it came to its server; null: it has none. */
  history: z.string().nullable(),
  /** One line a server, the best first. */
  fits: z.array(z.string()),
  notes: z.array(z.string()),
  standby: z.string().nullable(),
  /** Predicted peak, by dimension, in the dimension's unit. */
  demand: z.record(z.string(), z.number()),
  /** The model behind its forecast, by dimension. */
  models: z.record(z.string(), z.string()),
  /** What an operator could do now; null: nothing is needed. */
  next: z.string().nullable(),
  /** What would be if it were on the server that was asked about; null: none was. */
  on: z
    .object({
      server: z.string(),
      /** Its line of `fits`. */
      fit: z.string(),
      /** Null: it is there. */
      whatIf: whatIfSchema.nullable(),
    })
    .nullable(),
});
export type Explained = z.infer<typeof explainSchema>;
