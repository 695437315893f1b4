import { z } from 'zod';
import { DIMENSIONS } from '../../core/domain.js';

/* What `GET /v1/outlook` answers: past and forecast load of each server, as shares of its capacity. */

const pathSchema = z.array(z.number().nullable());

export const outlookSchema = z.object({
  nowMs: z.number(),
  stepMs: z.number(),
  /** Start of the first past step, and of the first forecast one. */
  pastFromMs: z.number(),
  forecastFromMs: z.number().nullable(),
  lines: z.array(
    z.object({
      server: z.string(),
      dimension: z.enum(DIMENSIONS),
      /** A step nobody measured is null. */
      past: pathSchema,
      p10: pathSchema,
      p50: pathSchema,
      p90: pathSchema,
    }),
  ),
});
export type Outlook = z.infer<typeof outlookSchema>;

/** What `GET /v1/resources` answers: the assignment table as people read it. */
export const resourcesSchema = z.object({
  generation: z.string(),
  resources: z.array(
    z.object({
      id: z.string(),
      server: z.string().nullable(),
      since: z.string().nullable(),
      standby: z.string().nullable(),
      movedAtMs: z.number().nullable(),
      by: z.string().nullable(),
      pin: z.string().nullable(),
      eligible: z.number(),
      /** All that may serve it do, at the same time. */
      isShared: z.boolean(),
    }),
  ),
});
export type Resources = z.infer<typeof resourcesSchema>;

/** What `GET /v1/table` answers. */
export const tableSchema = z.object({
  /** The newest; that of a resource is when it came to its server. */
  generation: z.string(),
  placements: z.record(
    z.string(),
    z.object({ server: z.string(), since: z.string(), standby: z.string().nullable() }),
  ),
});
export type Table = z.infer<typeof tableSchema>;
