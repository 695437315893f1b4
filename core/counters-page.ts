import { z } from 'zod';
import { countSchema, finiteSchema, memberIdSchema, resourceIdSchema } from './schema.js';

/*
 * What a redirector measured of every resource, for the collector. Told in parts, since a redirector may have 100,000
 * resources and must not stop its traffic to write them all at once.
 */

/** `GET`, with `?from=` and the row to begin with; without it the first. */
export const COUNTERS_PATH = '/v1/counters';

/** Every part but the last has just so many rows. */
export const COUNTERS_ROWS_MAX = 2000;

/** Longer no part can be: names of 128 characters, and counters of 24. */
export const COUNTERS_BYTES_MAX = 512 << 10;

const counterSchema = finiteSchema.min(0).max(2 ** 64);
const columnSchema = <Value>(value: z.ZodType<Value>) => z.array(value).max(COUNTERS_ROWS_MAX);

/**
 * One part: columns of equal length, a row a resource. A row keeps its place as long as `boot` is the same, and rows are only
 * ever added at the end.
 */
export const countersPageSchema = z
  .object({
    member: memberIdSchema,
    /** Names the life of what counts: with another one all counters began at 0. */
    boot: z.string().min(1).max(64),
    /** Monotonic, since that life began: when the counters were read. */
    uptimeMs: counterSchema,
    /** Of the first row here. */
    from: countSchema,
    /** Of the first row of the next part; null: this is the last. */
    next: countSchema.nullable(),
    resources: columnSchema(resourceIdSchema),
    /** Requests or I/O operations that ended. */
    hits: columnSchema(counterSchema),
    /** Of both directions. */
    bytes: columnSchema(counterSchema),
    /** Sum over the hits, from their beginning to their end. */
    serviceMs: columnSchema(counterSchema),
    /** Under way now: no counter. */
    inFlight: columnSchema(counterSchema),
  })
  .refine(
    ({ resources: { length }, hits, bytes, serviceMs, inFlight }) =>
      [hits, bytes, serviceMs, inFlight].every((column) => column.length === length),
    'columns of unequal length',
  )
  .refine(
    ({ from, next, resources: { length } }) =>
      next === null || (length === COUNTERS_ROWS_MAX && next === from + length),
    'a part that is neither full nor the last',
  );
export type CountersPage = Readonly<z.output<typeof countersPageSchema>>;
