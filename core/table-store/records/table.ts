import { z } from 'zod';
import type { ResourceId } from '../../domain.js';
import {
  countSchema,
  finiteSchema,
  generationSchema,
  planIdSchema,
  serverIdSchema,
} from '../../schema.js';
import { RecordKind } from './kind.js';

const headSchema = z.object({
  /** Of the last commit. */
  generation: generationSchema,
  /** Every generation up to this one is used up, committed or not. */
  reserved: generationSchema,
});
export type Head = Readonly<z.output<typeof headSchema>>;
export const HEAD = new RecordKind<Head, 'head'>('table', headSchema);

const placementSchema = z.object({
  server: serverIdSchema,
  since: generationSchema,
  standby: serverIdSchema.nullable(),
  /** When and by which plan it came to its server: for `explain` and the cooldown. */
  movedAtMs: finiteSchema,
  by: planIdSchema,
});
export type PlacementRecord = Readonly<z.output<typeof placementSchema>>;
/** One row of the assignment table. */
export const PLACEMENT = new RecordKind<PlacementRecord, ResourceId>('placement', placementSchema);

const copySchema = z.object({
  reserved: generationSchema,
  /** Of the table: a commit reserves none. Not there: an older version offers it. */
  generation: generationSchema.optional(),
  /** Of the store that was. */
  revision: countSchema,
});
export type CopyRecord = Readonly<z.output<typeof copySchema>>;
/** In a store that came back older: that somebody holds a copy of what it was, and how new that is. */
export const COPY = new RecordKind<CopyRecord>('copy', copySchema);
