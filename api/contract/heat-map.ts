import { z } from 'zod';
import { DIMENSIONS } from '../../core/domain.js';

/* What `GET /v1/heat-map` answers: how full each server was and is expected to be. Shares are in thousandths. */

export const HEAT_METRICS = ['utilization', ...DIMENSIONS] as const;
export type HeatMetric = (typeof HEAT_METRICS)[number];

const thousandthsSchema = z.array(z.number().int().nullable());

export const heatMapSchema = z.object({
  nowMs: z.number(),
  metric: z.enum(HEAT_METRICS),
  /** Those that some server declares a capacity for. */
  metrics: z.array(z.enum(HEAT_METRICS)),
  /** Of one column. */
  columnMs: z.number(),
  pastFromMs: z.number(),
  /** Of the first column that is to come; null: there is no forecast of it. */
  futureFromMs: z.number().nullable(),
  servers: z.array(
    z.object({
      id: z.string(),
      /** Means; null: nobody measured. */
      past: thousandthsSchema,
      /** The highest step of each column; empty: not forecast. */
      p50: thousandthsSchema,
      p90: thousandthsSchema,
    }),
  ),
  /** Resources whose load is expected to rise most, as shares of their servers. */
  movers: z.array(
    z.object({
      resource: z.string(),
      server: z.string(),
      dimension: z.enum(DIMENSIONS),
      /** P50 of the first step, and P90 of the peak. */
      now: z.number(),
      peak: z.number(),
    }),
  ),
});
export type HeatMap = z.infer<typeof heatMapSchema>;
