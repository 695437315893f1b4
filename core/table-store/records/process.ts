import { z } from 'zod';
import { countSchema, finiteSchema } from '../../schema.js';
import { RecordKind } from './kind.js';

/** Of one process. */
export const PROCESS_ENGINES_MAX = 16;
/** Of any text in it. */
export const PROCESS_TEXT_MAX = 200;

const textSchema = z.string().max(PROCESS_TEXT_MAX);

/** Where samples rest that the metric store does not take. */
export const spoolSchema = z.object({
  /** On the collector's disk, for the metric store. */
  waitingBytes: countSchema,
  /** Null: nothing waits. */
  waitingSinceMs: finiteSchema.nullable(),
  /** Samples that are in no store and never will be, since the collector began, by why. */
  lost: z.object({ beyondBound: countSchema, diskFailed: countSchema, refused: countSchema }),
  /** When the last one was lost; null: none is. */
  lostAtMs: finiteSchema.nullable(),
});

const processSchema = z.object({
  /** What it is: `collector`, `redirector`, … */
  roles: z.array(z.string().max(32)).max(8),
  /** Wall clock: for people. */
  saidAtMs: finiteSchema,
  /** It says so again within this, whatever happens: a process that does not is gone, or cannot reach the table store. */
  leaseMs: finiteSchema,
  /** What it rests on outside of it; `fault` null: its last calls were answered. */
  engines: z
    .array(
      z.object({
        name: textSchema,
        fault: z
          .object({
            sinceMs: finiteSchema,
            atMs: finiteSchema,
            code: textSchema,
            message: textSchema,
          })
          .nullable(),
      }),
    )
    .max(PROCESS_ENGINES_MAX),
  /** Null: it is no collector. */
  spool: spoolSchema.nullable(),
});
export type ProcessRecord = Readonly<z.output<typeof processSchema>>;

/** How each process is, by its own word: written when that changes, and now and then. It is removed by one that stops in order. */
export const PROCESS = new RecordKind<ProcessRecord>('process', processSchema);
