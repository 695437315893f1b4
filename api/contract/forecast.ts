import { z } from 'zod';
import { HEAT_METRICS } from './heat-map.js';

/* What `GET /v1/forecast/:subject/:name` answers: one series as it was, as it will be, as it was said to be, and how good that was. */

const pathSchema = z.array(z.number().nullable());

const scoreSchema = z.object({
  leadMs: z.number(),
  /** Steps that were compared. */
  count: z.number(),
  /** Share of them that came out within P10 to P90; 0.8 is right. */
  coverage: z.number(),
  absoluteError: z.number(),
  /** Of the quantiles; and of who says that all stays as it was when it was said. Lower is better. */
  pinball: z.number(),
  naivePinball: z.number().nullable(),
});

export const seriesForecastSchema = z.object({
  subject: z.enum(['server', 'resource']),
  id: z.string(),
  metric: z.enum(HEAT_METRICS),
  /** That this subject was measured in, or has a capacity for. */
  metrics: z.array(z.enum(HEAT_METRICS)),
  /** Of a resource: where it is. */
  server: z.string().nullable(),
  nowMs: z.number(),
  stepMs: z.number(),
  pastFromMs: z.number(),
  past: pathSchema,
  /** What the server can carry, in the metric's unit; null: nothing bounds it. */
  limit: z.number().nullable(),
  forecast: z
    .object({
      madeAtMs: z.number(),
      fromMs: z.number(),
      model: z.string(),
      p10: pathSchema,
      p50: pathSchema,
      p90: pathSchema,
    })
    .nullable(),
  /** Of the steps of the past: what had been said of them, by how long before. */
  said: z.array(
    z.object({ leadMs: z.number(), p10: pathSchema, p50: pathSchema, p90: pathSchema }),
  ),
  score: z.object({
    fromMs: z.number(),
    leads: z.array(scoreSchema),
    /** Spells above the limit; null: nothing bounds it. */
    breaches: z
      .object({
        called: z.number(),
        missed: z.number(),
        false: z.number(),
        /** Median of the called ones; null: none was. */
        leadMs: z.number().nullable(),
      })
      .nullable(),
    worst: z
      .object({
        timeMs: z.number(),
        leadMs: z.number(),
        said: z.number(),
        came: z.number(),
      })
      .nullable(),
  }),
  /** Steps of history there are and are needed; null: there are enough. */
  learning: z.object({ steps: z.number(), stepsMin: z.number() }).nullable(),
});
export type SeriesForecast = z.infer<typeof seriesForecastSchema>;
