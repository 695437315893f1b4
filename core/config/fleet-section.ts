import { z } from 'zod';
import { CHOICE_POLICIES, DRAIN_POLICIES, FENCES, LOST_SOURCE_POLICIES } from '../domain.js';
import { resourceIdSchema, serverIdSchema } from '../schema.js';
import { metricsSourceSchema } from './metrics-source.js';
import { addressTextSchema, bytesSchema, globSchema, msSchema, networkSchema } from './units.js';
import { reloadable } from './reloadable.js';

/* What is served, by whom, and how they are found and measured. */

const capacitySchema = z.strictObject({
  cpu: z.number().positive().optional().describe('Cores.'),
  memory: bytesSchema.optional().describe('Bytes.'),
  network: bytesSchema.optional().describe('Bytes a second, both directions together.'),
  hits: z.number().positive().optional().describe('Requests a second.'),
});

export const serverSchema = z.strictObject({
  id: serverIdSchema,
  address: addressTextSchema.describe("Where clients' requests go."),
  control: addressTextSchema
    .optional()
    .describe('Where its agent listens; leave out if it has none.'),
  fence: z
    .enum(FENCES)
    .default('none')
    .describe(
      'How late requests are kept out: request (an agent compares each), attachment, none.',
    ),
  healthPath: z
    .string()
    .regex(/^\/[^\s#]*$/, 'a path that begins with /')
    .optional()
    .describe('Asked by GET if there is no agent; without it a connection will do.'),
  capacity: capacitySchema.prefault({}),
  spare: z.boolean().default(false).describe('Kept empty until a server is lost.'),
  zone: z.string().min(1).max(128).optional(),
  serves: z
    .array(globSchema)
    .default(['*'])
    .describe('The resources that it may serve, of those under `resources`.'),
  metrics: metricsSourceSchema.optional().describe('Where its load is read.'),
});

const sharedSchema = z.strictObject({
  servers: z
    .union([z.literal('all'), z.array(serverIdSchema).min(1).max(2000)])
    .default('all')
    .describe('Of those that may serve it: all but spare ones, or these.'),
  policy: z
    .enum(CHOICE_POLICIES)
    .default('least-in-flight')
    .describe(
      'Of two servers drawn by their forecast headroom: the one with less work under way, or with less work times response time.',
    ),
});

export const resourcesSchema = z.strictObject({
  names: reloadable(
    z.array(resourceIdSchema).default([]).describe('Beside those that agents announce.'),
  ),
  pins: reloadable(
    z.record(resourceIdSchema, serverIdSchema).default({}).describe('Resource: server.'),
  ),
  policies: z
    .array(
      z.strictObject({
        match: globSchema,
        onLostSource: z.enum(LOST_SOURCE_POLICIES).optional(),
        drain: z.enum(DRAIN_POLICIES).optional(),
        shared: sharedSchema
          .optional()
          .describe(
            'Several servers serve these at the same time: nothing is moved, each request goes to one of them. A resource that has an owner already keeps it.',
          ),
      }),
    )
    .default([])
    .describe('By name; the first that matches and says something counts.'),
  onLostSource: z
    .enum(LOST_SOURCE_POLICIES)
    .default('availability')
    .describe(
      'availability: fail over once a server is lost; consistency: only when it surely stopped.',
    ),
  drain: z
    .enum(DRAIN_POLICIES)
    .default('abort')
    .describe(
      'Work still under way at the deadline: abort the move, pin it where it is, or cut it.',
    ),
});

export const agentsSchema = z.strictObject({
  listen: addressTextSchema
    .prefault('127.0.0.1:7703')
    .describe('Where agents announce themselves.'),
  callTimeoutMs: reloadable(msSchema.default(1000)),
});

const PRIVATE_NETWORKS = [
  '127.0.0.0/8',
  '::1/128',
  '10.0.0.0/8',
  '172.16.0.0/12',
  '192.168.0.0/16',
  'fc00::/7',
];

export const agentCheckSchema = z.strictObject({
  listen: addressTextSchema
    .optional()
    .describe(
      'Where HAProxy\'s agent-check asks, by `agent-send "SERVER\\n"`, how a server stands and what the forecast leaves of it; left out: nowhere.',
    ),
  from: z
    .array(networkSchema)
    .min(1)
    .default(PRIVATE_NETWORKS)
    .describe('Who may ask; others are reset.'),
});

export const collectorSchema = z.strictObject({
  everyMs: reloadable(msSchema.default(10_000).describe('Between two polls of a server.')),
  timeoutMs: reloadable(msSchema.default(5000)),
  concurrencyMax: reloadable(z.int().min(1).default(32)),
  pageBytesMax: reloadable(bytesSchema.prefault('8MiB').describe('A longer page is not read.')),
  absurdFactor: reloadable(
    z.number().min(1).default(20).describe('More than a capacity times this is not believed.'),
  ),
  spoolBytesMax: bytesSchema
    .prefault('256MiB')
    .describe('Of disk, for samples that the store could not take.'),
});

export const limitsSchema = z.strictObject({
  outboundNetworks: z
    .array(z.string().max(64))
    .default(PRIVATE_NETWORKS)
    .describe(
      'Where servers, agents and exporters may be; nothing else is connected to, and never our own listeners.',
    ),
  serversMax: z.int().min(1).default(2000),
  resourcesMax: z.int().min(1).default(100_000),
});
