import { z } from 'zod';
import { DRAIN_POLICIES, FENCES, LOST_SOURCE_POLICIES, MODES, REDUNDANCIES } from '../domain.js';
import { BACKENDS } from '../forecast.js';
import { LOG_LEVELS } from '../log.js';
import { memberIdSchema, resourceIdSchema, serverIdSchema } from '../schema.js';
import { metricsSourceSchema } from './metrics-source.js';
import { addressTextSchema, bytesSchema, globSchema, ipPrefixSchema, msSchema } from './units.js';

/*
 * The one config file. Every key, its default and its unit stand here; the JSON Schema for editors and the
 * reference are made from it. Unknown keys are refused.
 */

/**
 * What a running process takes up by itself when its config is read again (SIGHUP), with all that stands under it. The rest
 * needs a restart.
 */
function reloadable<Schema extends z.ZodType>(schema: Schema): Schema {
  return schema.meta({ reloadable: true });
}

const logSchema = z.strictObject({
  level: z
    .enum(LOG_LEVELS)
    .default('info')
    .describe('What is logged, to standard error, as JSON lines.'),
});

const apiSchema = z.strictObject({
  listen: addressTextSchema
    .prefault('127.0.0.1:7700')
    .describe(
      'Where API and console listen. Only loopback addresses are taken: the API has no login yet.',
    ),
});

const healthSchema = z.strictObject({
  listen: addressTextSchema
    .prefault('127.0.0.1:7702')
    .describe('Where /healthz, /readyz and /metrics listen.'),
});

const routeSchema = z
  .union([
    z.literal('first-path-segment'),
    z.strictObject({ header: z.string().regex(/^[A-Za-z0-9-]{1,64}$/, 'a header name') }),
    z.strictObject({ host: z.record(z.string().min(1).max(253), resourceIdSchema) }),
    z.strictObject({
      pathPrefix: z.record(
        z.string().regex(/^\/[^\s?#]*$/, 'a path that begins with /'),
        resourceIdSchema,
      ),
    }),
    z.strictObject({ resource: resourceIdSchema }),
    z.strictObject({
      serverName: z.record(
        z
          .string()
          .regex(/^(?:\*|(?:\*\.)?[a-z0-9_.-]{1,253})$/, 'a host name in lower case, *.name, or *'),
        resourceIdSchema,
      ),
    }),
  ])
  .describe(
    'How work names its resource. http: a request by its first path segment, a header, its host, or the longest path prefix. tcp: the listener has one (`resource`), or the name in the TLS hello says it (`serverName`), which goes to the server as it came.',
  );

const listenerSchema = z
  .strictObject({
    listen: addressTextSchema.describe('Where clients connect.'),
    protocol: z.enum(['http', 'tcp']).default('http'),
    route: routeSchema.default('first-path-segment'),
  })
  .superRefine(({ protocol, route }, context) => {
    const isOfTcp =
      route !== 'first-path-segment' && ('resource' in route || 'serverName' in route);
    if (isOfTcp === (protocol === 'tcp')) return;
    const message =
      protocol === 'tcp'
        ? 'of a tcp listener: { resource: NAME } or { serverName: { … } }'
        : 'of an http listener: first-path-segment, header, host or pathPrefix';
    context.addIssue({ code: 'custom', path: ['route'], message });
  });

const capacitySchema = z.strictObject({
  cpu: z.number().positive().optional().describe('Cores.'),
  memory: bytesSchema.optional().describe('Bytes.'),
  network: bytesSchema.optional().describe('Bytes a second, both directions together.'),
  hits: z.number().positive().optional().describe('Requests a second.'),
});

const serverSchema = z.strictObject({
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

const resourcesSchema = z.strictObject({
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

const agentsSchema = z.strictObject({
  listen: addressTextSchema
    .prefault('127.0.0.1:7703')
    .describe('Where agents announce themselves.'),
  callTimeoutMs: reloadable(msSchema.default(1000)),
});

const collectorSchema = z.strictObject({
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

const influxSchema = z.strictObject({
  url: z
    .string()
    .regex(
      /^http:\/\/(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::[0-9]{1,5})?(?:\/[A-Za-z0-9._/-]*)?$/,
      {
        error: 'http://host:port',
      },
    )
    .default('http://127.0.0.1:8086')
    .describe('Of an InfluxDB 1.x, within `limits.outboundNetworks`.'),
  database: z
    .string()
    .regex(/^[A-Za-z0-9._-]{1,64}$/, 'letters, digits, . _ -')
    .default('foreshift')
    .describe('Made, with its retention policies, if it is not there.'),
  username: z
    .string()
    .min(1)
    .max(128)
    .optional()
    .describe(
      'An administrator of it; the password is FORESHIFT_INFLUX_PASSWORD in the environment.',
    ),
});

const metricStoreSchema = z.strictObject({
  engine: z
    .enum(['embedded', 'influx'])
    .default('embedded')
    .describe('Where samples and forecasts rest: in the data directory, or in an InfluxDB.'),
  influx: influxSchema.prefault({}),
  rawRetentionMs: msSchema
    .default(2 * 86_400_000)
    .describe('Samples are kept as they came for so long, by whole days.'),
  rollupMs: msSchema
    .min(10_000)
    .refine((ms) => 86_400_000 % ms === 0, 'milliseconds that divide a day, such as 300000')
    .default(300_000)
    .describe('Step of the means that are kept after that.'),
  rollupRetentionMs: msSchema
    .default(400 * 86_400_000)
    .describe('Means and events are kept for so long.'),
  forecastRetentionMs: msSchema
    .default(30 * 86_400_000)
    .describe('What was forecast, and how it turned out, is kept for so long.'),
});

const engineSchema = z
  .enum(['embedded', 'redis'])
  .default('embedded')
  .describe('embedded: in the data directory, for one process; redis: shared by many.');

const redisSchema = z.strictObject({
  url: z
    .string()
    .regex(
      /^rediss?:\/\/(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::[0-9]{1,5})?(?:\/[0-9]{1,3})?$/,
      'redis://host:port or, encrypted, rediss://host:port; the password is in the environment',
    )
    .default('redis://127.0.0.1:6379')
    .describe(
      'A Redis 7 or later with `appendonly yes` and `maxmemory-policy noeviction`; /N: its database N.',
    ),
  sentinels: z
    .strictObject({
      master: z.string().regex(/^[A-Za-z0-9._-]{1,64}$/, 'letters, digits, . _ -'),
      addresses: z.array(addressTextSchema).min(1).max(16),
    })
    .optional()
    .describe('Who knows where the master is; then the host of `url` does not count.'),
  username: z
    .string()
    .min(1)
    .max(128)
    .optional()
    .describe(
      'The passwords are FORESHIFT_REDIS_PASSWORD and FORESHIFT_REDIS_SENTINEL_PASSWORD in the environment.',
    ),
  caFile: z
    .string()
    .min(1)
    .optional()
    .describe('PEM, relative to this file: who must have signed its certificate.'),
  commandTimeoutMs: msSchema.default(2000).describe('A call without an answer for so long failed.'),
  connectTimeoutMs: msSchema.default(2000),
  allowUnsafe: z
    .boolean()
    .default(false)
    .describe('Accept a Redis that may lose what it is given, or that lets anybody in.'),
});

const forecastSchema = z.strictObject({
  everyMs: reloadable(
    msSchema.default(300_000).describe('Between two rounds: forecast, then plan.'),
  ),
  stepMs: msSchema.min(100).default(300_000),
  horizonSteps: z.int().min(1).max(288).default(12),
  historySteps: z.int().min(24).max(50_000).default(2016),
  seasonMs: z
    .array(msSchema)
    .max(4)
    .default([3_600_000, 86_400_000, 604_800_000])
    .describe('Lengths of the seasons that the load may have.'),
  neural: z
    .enum(['on', 'off'])
    .default('on')
    .describe('Whether a neural network is one of the models; where it is no good it has no say.'),
  backend: z
    .enum(['auto', ...BACKENDS])
    .default('auto')
    .describe(
      'What computes it. native: the package @tensorflow/tfjs-node; wasm: anywhere; cpu: slow; auto: the first of them that works.',
    ),
  trainEveryMs: msSchema
    .default(86_400_000)
    .describe("Between two trainings of it on the fleet's own history."),
  minSteps: reloadable(
    z.int().min(3).default(24).describe('With less history nothing is planned: learning.'),
  ),
  silentSteps: reloadable(
    z
      .int()
      .min(1)
      .max(12)
      .default(3)
      .describe(
        'A server of which nothing was measured for so many steps is silent. While most are, nothing is moved for its load.',
      ),
  ),
});

const plannerSchema = z.strictObject({
  quantile: z
    .number()
    .min(0.5)
    .max(0.99)
    .optional()
    .describe(
      'Of demand, that is planned for; here it is pinned. Left out: 0.85, until the tune job finds a better one.',
    ),
  target: z.number().min(0.1).max(1).default(0.8).describe('Utilization that plans keep below.'),
  movesMax: z.int().min(1).default(16).describe('Of one plan.'),
  batchMovesMax: z.int().min(1).max(1000).default(8).describe('Switched as one.'),
  unservedBatchMovesMax: z
    .int()
    .min(1)
    .max(1000)
    .default(250)
    .describe('The same for resources that nobody serves, new ones and those of lost servers.'),
  cooldownMs: z
    .int()
    .min(0)
    .default(86_400_000)
    .describe('A resource that was moved rests so long; until then only an overload moves it.'),
  gainMin: z
    .number()
    .min(0)
    .max(1)
    .default(0.05)
    .describe('A move must relieve a server by so much of its capacity over the whole horizon.'),
  reliefMin: z
    .number()
    .min(0)
    .max(1)
    .default(0.1)
    .describe(
      'And by this share of what is wrong with it – its overload, its load above the target – or by the share that the largest of its resources is of its load.',
    ),
  imbalanceMax: z
    .number()
    .min(1)
    .default(1.5)
    .describe('Max ÷ mean of the servers that is left alone.'),
  imbalanceLoadMin: z
    .number()
    .min(0)
    .max(1)
    .default(0.5)
    .describe('Imbalance is left alone, too, while the fullest server is less loaded than this.'),
  workUnits: z.int().min(1000).default(2_000_000).describe('How long the search may go on.'),
  planLifeMs: msSchema.default(900_000).describe('A plan that waits longer expires.'),
});

const tuneSchema = z.strictObject({
  everyMs: msSchema
    .min(60_000)
    .default(86_400_000)
    .describe('Between two tunings: the history is replayed with several quantiles.'),
  historyMs: reloadable(
    msSchema.default(14 * 86_400_000).describe('So far back the history is replayed.'),
  ),
  forecastsMax: reloadable(
    z
      .int()
      .min(1000)
      .default(400_000)
      .describe('Resources × decisions of one tuning: a large fleet replays less of its history.'),
  ),
  cpuShare: z
    .number()
    .min(0.01)
    .max(1)
    .default(0.5)
    .describe('Of one core, that a tuning may take.'),
});

const triggersSchema = z.strictObject({
  thresholdRatio: z
    .number()
    .min(1)
    .default(1.5)
    .describe("A server's load above any other's by this ratio begins a round at once."),
  overallMin: z
    .number()
    .min(0)
    .max(1)
    .default(0.3)
    .describe('Below this load of the fullest server the ratio does not matter.'),
});

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

const redirectorSchema = z
  .strictObject({
    id: memberIdSchema.default('r1' as z.output<typeof memberIdSchema>),
    advertise: z
      .string()
      .min(1)
      .max(255)
      .optional()
      .describe('Host by which others reach its health listener; default: as that listens.'),
    memberLeaseMs: msSchema.default(10_000),
    servingLeaseMs: msSchema.default(3000),
    healthCheckMs: msSchema.default(1000),
    healthTimeoutMs: reloadable(msSchema.default(1000)),
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

const httpSchema = z.strictObject({
  connectionsMax: z.int().min(1).default(10_000),
  headTimeoutMs: msSchema.default(10_000),
  idleTimeoutMs: msSchema.default(60_000),
  stallTimeoutMs: msSchema.default(60_000),
  answerTimeoutMs: msSchema.default(60_000),
  tunnelIdleTimeoutMs: msSchema.default(3_600_000),
  connectTimeoutMs: msSchema.default(2000),
  serverConnectionsMax: z.int().min(1).default(256),
  serverIdleTimeoutMs: msSchema.default(4000),
  headBytesMax: bytesSchema.prefault('32KiB'),
  headersMax: z.int().min(1).default(100),
  resendBytesMax: bytesSchema.prefault('64KiB'),
  forwarded: z
    .enum(['replace', 'append', 'none'])
    .default('replace')
    .describe('X-Forwarded-*: our own word only, added to that of a trusted proxy, or none.'),
});

const tcpSchema = z.strictObject({
  connectionsMax: z.int().min(1).default(10_000).describe('One beyond a limit is reset unread.'),
  connectionsPerClientMax: z.int().min(1).default(10_000).describe('Of one IP.'),
  serverConnectionsMax: z.int().min(1).default(1000).describe('To one server.'),
  connectTimeoutMs: msSchema.default(2000),
  idleTimeoutMs: msSchema.default(3_600_000).describe('Without a byte in either direction.'),
  halfClosedTimeoutMs: msSchema.default(60_000).describe('The same once one side has finished.'),
  lifeMs: msSchema.optional().describe('Of a whole connection, however busy; left out: no limit.'),
  helloTimeoutMs: msSchema
    .default(5000)
    .describe('For the TLS hello, where it names the resource.'),
});

const limitsSchema = z.strictObject({
  outboundNetworks: z
    .array(z.string().max(64))
    .default([
      '127.0.0.0/8',
      '::1/128',
      '10.0.0.0/8',
      '172.16.0.0/12',
      '192.168.0.0/16',
      'fc00::/7',
    ])
    .describe(
      'Where servers, agents and exporters may be; nothing else is connected to, and never our own listeners.',
    ),
  serversMax: z.int().min(1).default(2000),
  resourcesMax: z.int().min(1).default(100_000),
});

export const configSchema = z.strictObject({
  cluster: z
    .string()
    .regex(/^[A-Za-z0-9._-]{1,64}$/, 'letters, digits, . _ -')
    .default('foreshift'),
  dataDir: z.string().min(1).default('./data').describe('Relative to this file.'),
  engines: z.enum(['embedded']).default('embedded'),
  mode: reloadable(
    z
      .enum(MODES)
      .default('propose')
      .describe(
        'observe: forecasts only; propose: plans wait for an operator; auto: plans are applied.',
      ),
  ),
  log: reloadable(logSchema.prefault({})),
  api: apiSchema.prefault({}),
  health: healthSchema.prefault({}),
  listeners: reloadable(z.array(listenerSchema).default([]).describe('Where clients connect.')),
  servers: reloadable(
    z.array(serverSchema).default([]).describe('Servers that no agent announces.'),
  ),
  resources: resourcesSchema.prefault({}),
  agents: agentsSchema.prefault({}),
  collector: collectorSchema.prefault({}),
  tableStore: z
    .strictObject({ engine: engineSchema })
    .prefault({})
    .describe('Where assignments, switches, members and plans rest.'),
  sessionStore: z
    .strictObject({ engine: engineSchema })
    .prefault({})
    .describe('Where sessions, credentials and file handles rest.'),
  bus: z.strictObject({ engine: engineSchema }).prefault({}).describe('Where jobs rest.'),
  redis: redisSchema.prefault({}),
  metricStore: metricStoreSchema.prefault({}),
  forecast: forecastSchema.prefault({}),
  planner: reloadable(plannerSchema.prefault({})),
  tune: tuneSchema.prefault({}),
  triggers: reloadable(triggersSchema.prefault({})),
  redirector: redirectorSchema.prefault({}),
  http: reloadable(httpSchema.prefault({})),
  tcp: reloadable(tcpSchema.prefault({})),
  limits: limitsSchema.prefault({}),
});

export type Config = Readonly<z.output<typeof configSchema>>;
export type ServerConfig = Config['servers'][number];

/** For editors: draft 7, which they understand. */
export function configJsonSchema(): object {
  return z.toJSONSchema(configSchema, { target: 'draft-7', io: 'input', unrepresentable: 'any' });
}
