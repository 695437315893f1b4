import { z } from 'zod';
import { countSchema, finiteSchema } from '../../schema.js';
import { RecordKind } from './kind.js';

/** How many of them a record names; the rest is counted. */
export const FAULTS_MAX = 100;

const collectorRecordSchema = z.object({
  /** Targets whose last poll failed, by name. */
  faults: z
    .array(
      z.object({
        target: z.string().max(128),
        /** Null: never, by this collector. */
        lastSuccessMs: finiteSchema.nullable(),
        message: z.string().max(400),
      }),
    )
    .max(FAULTS_MAX),
  /** With those that are not named. */
  count: countSchema,
});
export type CollectorRecord = Readonly<z.output<typeof collectorRecordSchema>>;

/** What a collector in another process says of its polls: written when it changes. */
export const COLLECTOR = new RecordKind<CollectorRecord, 'faults'>(
  'collector',
  collectorRecordSchema,
);
