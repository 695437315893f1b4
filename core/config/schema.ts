import { z } from 'zod';
import { MODES } from '../domain.js';
import { LOG_LEVELS } from '../log.js';
import { addressTextSchema } from './units.js';
import { apiSchema } from './api-section.js';
import { reloadable } from './reloadable.js';
import {
  serverLinkSchema,
  listenerSchema,
  httpSchema,
  tcpSchema,
  nfsSchema,
  iscsiSchema,
  accessLogSchema,
} from './listeners-section.js';
import { redirectorSchema } from './redirector-section.js';
import {
  serverSchema,
  resourcesSchema,
  agentsSchema,
  agentCheckSchema,
  collectorSchema,
  limitsSchema,
} from './fleet-section.js';
import { metricStoreSchema, engineSchema, redisSchema } from './engines-section.js';
import {
  backtestSchema,
  fallBackSchema,
  forecastSchema,
  plannerSchema,
  tuneSchema,
  triggersSchema,
} from './planning-section.js';

/*
 * The one config file. Every key, its default and its unit stand here and in the sections beside it; the JSON Schema for
 * editors and the reference are made from it. Unknown keys are refused.
 */

const logSchema = z.strictObject({
  level: z
    .enum(LOG_LEVELS)
    .default('info')
    .describe('What is logged, to standard error, as JSON lines.'),
});

const healthSchema = z.strictObject({
  listen: addressTextSchema
    .prefault('127.0.0.1:7702')
    .describe('Where /healthz, /readyz and /metrics listen.'),
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
  agentCheck: agentCheckSchema.prefault({}),
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
  fallBack: reloadable(fallBackSchema.prefault({})),
  backtest: backtestSchema.prefault({}),
  tune: tuneSchema.prefault({}),
  triggers: reloadable(triggersSchema.prefault({})),
  redirector: redirectorSchema.prefault({}),
  http: reloadable(httpSchema.prefault({})),
  tcp: reloadable(tcpSchema.prefault({})),
  nfs: reloadable(nfsSchema.prefault({})),
  iscsi: reloadable(iscsiSchema.prefault({})),
  accessLog: reloadable(accessLogSchema.prefault({})),
  serverLinks: reloadable(
    z.array(serverLinkSchema).default([]).describe('How connections to servers are made.'),
  ),
  limits: limitsSchema.prefault({}),
});

export type Config = Readonly<z.output<typeof configSchema>>;
export type ServerConfig = Config['servers'][number];

/** For editors: draft 7, which they understand. */
export function configJsonSchema(): object {
  return z.toJSONSchema(configSchema, { target: 'draft-7', io: 'input', unrepresentable: 'any' });
}
