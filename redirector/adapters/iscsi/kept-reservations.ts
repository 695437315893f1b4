import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Json } from '../../../core/json.js';
import { resourceIdSchema } from '../../../core/schema.js';
import type { Hold } from './hold.js';
import type { InitiatorPort } from './initiator-port.js';

/* How what an initiator port has registered and reserved is kept in the session store: one record a port. */

const UNITS_MAX = 256;

const recordSchema = z.object({
  initiator: z.string().min(1).max(223),
  isid: z.string().regex(/^[0-9a-f]{12}$/),
  target: z.string().min(1).max(223),
  /** A target may be of several. */
  resource: resourceIdSchema,
  units: z
    .array(
      z.object({
        lun: z.string().regex(/^[0-9a-f]{16}$/),
        key: z.string().regex(/^[0-9a-f]{16}$/),
        isThroughPowerLoss: z.boolean(),
        /** Scope and type of the reservation, where it has one. */
        kind: z.int().min(0).max(255).optional(),
      }),
    )
    .max(UNITS_MAX),
});

export type KeptReservations = z.output<typeof recordSchema>;

/** Undefined: it was not written by this product. */
export function parseKeptReservations(value: Json): KeptReservations | undefined {
  return recordSchema.safeParse(value).data;
}

/** What ends with the client's session is not in it. */
export function keptReservationsOf(
  { initiator, isid, target }: InitiatorPort,
  holds: readonly Hold[],
): Json {
  return {
    ...{ initiator, isid: isid.toString('hex'), target: target.name },
    resource: target.resource,
    units: holds.flatMap(({ lun, registration, kind }) =>
      registration === undefined
        ? []
        : [{ lun, ...registration, ...(kind === undefined ? {} : { kind }) }],
    ),
  };
}

/** Names of initiators and targets together may be longer than an id of the store. */
export function keptIdOf({ name }: InitiatorPort): string {
  return createHash('sha256').update(name).digest('hex');
}
