import { z } from 'zod';
import { DIMENSIONS } from '../../core/domain.js';

/* What `GET /v1/servers` answers beside the status: whether each server answers, and how its drain goes. */

const drainSchema = z.object({
  sinceMs: z.number(),
  /** Resources that it still serves; the first of them. */
  remaining: z.number(),
  resources: z.array(z.string()),
  /** Moved away since. */
  moved: z.number(),
  /** At the pace so far; null: nothing has moved yet. */
  etaMs: z.number().nullable(),
  /** What stands in the way, by name. */
  blockers: z.array(z.object({ resource: z.string().nullable(), why: z.string() })),
});

export const serversSchema = z.object({
  servers: z.array(
    z.object({
      id: z.string(),
      /** How it answers the redirectors, in one sentence. */
      health: z.object({ isWell: z.boolean(), text: z.string(), sinceMs: z.number().nullable() }),
      /** Its agent's announcements go on; null: it has none, and needs none. */
      isAnnounced: z.boolean().nullable(),
      /** Null: it is not being emptied. */
      drain: drainSchema.nullable(),
    }),
  ),
});
export type Servers = z.infer<typeof serversSchema>;

/** What `GET /v1/servers/:server/resources` answers: what fills it, the most first. */
export const residentsSchema = z.object({
  server: z.string(),
  residents: z.array(
    z.object({
      resource: z.string(),
      /** In which its P90 over the horizon is the largest share of the server; null: it is not forecast. */
      dimension: z.enum(DIMENSIONS).nullable(),
      share: z.number().nullable(),
      /** Where a plan that waits, or is carried out, would have it. */
      target: z.string().nullable(),
    }),
  ),
});
export type Residents = z.infer<typeof residentsSchema>;

/** What `GET /v1/resources/:resource/placements` answers: where it was, the latest first. */
export const placementsSchema = z.object({
  resource: z.string(),
  placements: z.array(
    z.object({
      server: z.string(),
      /** Null: before all that is remembered. */
      fromMs: z.number().nullable(),
      /** Null: it is there. */
      untilMs: z.number().nullable(),
    }),
  ),
});
export type Placements = z.infer<typeof placementsSchema>;
