import { z } from 'zod';
import { LOST_SOURCE_POLICIES, REDUNDANCIES } from '../domain.js';
import { memberIdSchema } from '../schema.js';
import { bytesSchema, ipPrefixSchema, msSchema } from './units.js';
import { reloadable } from './reloadable.js';

/* Redirectors among each other, and the switch. */

const floatingAddressSchema = z.strictObject({
  address: ipPrefixSchema.describe(
    'As 10.0.0.10, or 10.0.0.10/24 if nothing else on the interface makes its network known.',
  ),
  interface: z.string().regex(/^[A-Za-z0-9_.-]{1,15}$/, 'the name of a network interface'),
  prefer: z
    .array(memberIdSchema)
    .max(64)
    .default([])
    .describe(
      'The redirectors that should rather have it, the first most of all; empty: whoever has the fewest.',
    ),
});

const takeoverSchema = z.strictObject({
  handBackAfterMs: z
    .int()
    .min(0)
    .default(60_000)
    .describe('A preferred redirector gets an address back once it has been ready for so long.'),
  onCutOff: z
    .enum(LOST_SOURCE_POLICIES)
    .default('availability')
    .describe(
      'Who reaches neither the table store nor all other redirectors keeps its addresses (availability) or gives them up (consistency).',
    ),
  drainTimeoutMs: msSchema
    .default(2000)
    .describe('An address that is given up waits so long for answers under way.'),
  announceEveryMs: msSchema.min(1000).default(30_000),
  commandTimeoutMs: msSchema.default(2000),
  command: z
    .tuple([z.string().min(1)], z.string())
    .optional()
    .describe(
      'A program and its first arguments, run instead of `ip`: … up|down ADDRESS/PREFIX INTERFACE.',
    ),
});

const outliersSchema = z.strictObject({
  failuresMax: z
    .int()
    .min(1)
    .default(5)
    .describe(
      'So many in a row make it an outlier: no connection, an answer that is lost, late or invalid, or 502, 503, 504.',
    ),
  ejectMs: msSchema
    .default(10_000)
    .describe('It gets no work that others can do for so long; the next time for longer.'),
  ejectMsMax: msSchema.default(300_000),
  ejectedShareMax: z
    .number()
    .min(0)
    .max(1)
    .default(0.34)
    .describe('Of all servers, rounded down, but at least one: no more are ejected at a time.'),
});

export const redirectorSchema = z
  .strictObject({
    id: memberIdSchema.default('r1' as z.output<typeof memberIdSchema>),
    advertise: z
      .string()
      .min(1)
      .max(255)
      .optional()
      .describe('Host by which others reach its health listener; default: as that listens.'),
    workers: z
      .union([z.int().min(1).max(64), z.literal('auto')], 'a number from 1 to 64, or auto')
      .default(1)
      .describe(
        'Threads that take connections: 1, only the one that does all else, too; auto: as many as there are cores. Limits of connections and of what is held are of all together; those to each server are split among them.',
      ),
    memberLeaseMs: msSchema.default(10_000),
    servingLeaseMs: msSchema.default(3000),
    healthCheckMs: msSchema.default(1000),
    healthTimeoutMs: reloadable(msSchema.default(1000)),
    outliers: reloadable(
      outliersSchema
        .prefault({})
        .describe(
          'A server that fails its work is checked at once; it is lost only if the checks say so.',
        ),
    ),
    slowStartMs: reloadable(
      z
        .int()
        .min(0)
        .default(30_000)
        .describe(
          'Of shared resources: a server that comes, or comes back, gets its whole part after so long.',
        ),
    ),
    drainTimeoutMs: reloadable(msSchema.default(5000)),
    holdTimeoutMs: reloadable(msSchema.default(10_000)),
    heldPerResourceMax: reloadable(z.int().min(1).default(1000)),
    heldMax: reloadable(z.int().min(1).default(10_000)),
    heldBytesMax: reloadable(bytesSchema.prefault('64MiB')),
    stopWaitMs: reloadable(
      z
        .int()
        .min(0)
        .default(1000)
        .describe(
          'Told to stop, it is not ready at once but serves on for so long: whoever balances over redirectors must look at /readyz more often.',
        ),
    ),
    stopTimeoutMs: reloadable(
      msSchema
        .default(30_000)
        .describe('Then what is under way has so long to end; what is left is cut.'),
    ),
    standbyAfterMs: reloadable(
      z.int().min(0).default(200).describe('A failover waits so long for a plan.'),
    ),
    fenceHook: reloadable(
      z
        .url({ protocol: /^https?$/ })
        .optional()
        .describe('Asked by POST to switch a lost server off.'),
    ),
    redundancy: z
      .enum(REDUNDANCIES)
      .default('heartbeat')
      .describe(
        'heartbeat: another redirector goes on with the addresses and sessions of one that is dead; independent: each has its own.',
      ),
    addresses: z
      .array(floatingAddressSchema)
      .max(64)
      .default([])
      .describe('Where clients connect, whichever redirector is alive; the same for all of them.'),
    takeover: takeoverSchema.prefault({}),
  })
  .superRefine(({ addresses, memberLeaseMs }, context) => {
    const ips = addresses.map(({ address }) => address.ip);
    for (const [index, ip] of ips.entries()) {
      if (ips.indexOf(ip) === index) continue;
      const path = ['addresses', index, 'address'];
      context.addIssue({ code: 'custom', path, message: `${ip} stands here twice` });
    }
    if (addresses.length > 0 && memberLeaseMs < 3000) {
      const path = ['memberLeaseMs'];
      const message = 'at least 3000 with addresses: the kernel counts their life in seconds';
      context.addIssue({ code: 'custom', path, message });
    }
  });
