import { join } from 'node:path';
import { randomInt } from 'node:crypto';
import { z } from 'zod';
import type { Config } from '../../core/config/schema.js';
import { formatAddress, memberId } from '../../core/domain.js';
import { fail } from '../../core/errors.js';
import { createLog } from '../../core/log.js';
import { SeededRng } from '../../core/rng.js';
import type { Context } from '../context.js';
import { productVersion } from '../product.js';
import { redisOf } from '../services/redis.js';
import { live } from '../services/life.js';
import { clusterSecret } from '../services/secret.js';
import type { Role } from '../services/services.js';
import { ROLES, Services } from '../services/services.js';
import type { Verb, VerbOptions } from '../verb.js';
import { addressOf, textOption } from '../verb.js';

const HEALTH_OPTION = [
  '--health <address>',
  'where /healthz, /readyz and /metrics listen (default: as in the config)',
] as const;

/** What is said when it is ready; then it runs until it is told to stop. What a process has no part for is absent. */
const readySchema = z.object({
  ready: z.object({
    api: z.string().optional(),
    agents: z.string().optional(),
    proxy: z.array(z.string()).optional(),
    health: z.string(),
  }),
});

export const upVerb: Verb = {
  usage: 'up',
  summary: 'Run everything in one process until it is told to stop.',
  answer: readySchema,
  run: (context) => run(context, ROLES, {}),
};

/** Each service as a process of its own, on engines that all of them share. */
export const redirectorVerb: Verb = {
  usage: 'redirector',
  summary: 'Run one redirector alone; there may be many on one Redis.',
  options: [
    ['--id <name>', 'its name, its own among all (default: as in the config)'],
    ['--listen <address>', 'where clients connect, instead of the first listener of the config'],
    HEALTH_OPTION,
  ],
  answer: readySchema,
  run: (context, _args, options) => run(context, ['redirector'], options),
};
export const collectorVerb = alone(
  'collector',
  'Run the collector alone: one a cluster polls the servers and redirectors.',
);
export const forecasterVerb = alone(
  'forecaster',
  'Run the forecaster alone: it forecasts and plans.',
);
export const apiVerb = alone('api', 'Run the API, its page and the registration of agents alone.');

function alone(role: Role, summary: string): Verb {
  return {
    usage: role,
    summary,
    options: [HEALTH_OPTION],
    answer: readySchema,
    run: (context, _args, options) => run(context, [role], options),
  };
}

async function run(context: Context, roles: readonly Role[], options: VerbOptions): Promise<void> {
  const found = await context.config();
  const { secret, formerSecrets, influxPassword, folder } = found;
  const config = withOptions(found.config, options);
  if (roles.length < ROLES.length && secret === undefined) {
    fail('ERR_SECRET_MISSING', { role: roles.join(', ') });
  }
  const dataDir = join(folder, config.dataDir);
  const log = createLog({ level: config.log.level });
  const services = await Services.open(
    config,
    {
      clock: context.clock,
      rng: new SeededRng(randomInt(2 ** 32)),
      log,
      version: await productVersion(),
      secret: await clusterSecret(secret, dataDir),
      formerSecrets,
      dataDir,
      folder,
      influxPassword,
      redis: await redisOf(found),
    },
    roles,
  );
  const reload = async (): Promise<void> => {
    const read = await context.config();
    const { changed, needRestart } = await services.reload(withOptions(read.config, options));
    log.setLevel(services.config.log.level);
    // Before the line that ends it: who waits for that one has seen all.
    if (needRestart.length > 0) log.warn({ keys: needRestart }, 'needs a restart');
    log.info({ changed }, 'config reloaded');
  };
  const started = (): void => {
    say(context, services, roles);
  };
  const status = (): string => statusOf(services, roles);
  await live({ service: services, started, status, reload }, { clock: context.clock, log });
}

/** For `systemctl status`. */
function statusOf(services: Services, roles: readonly Role[]): string {
  const proxies = roles.includes('redirector') ? services.listeners.map(formatAddress) : [];
  return [
    roles.join(', '),
    ...(proxies.length > 0 ? [`clients at ${proxies.join(', ')}`] : []),
  ].join('; ');
}

function withOptions(config: Config, options: VerbOptions): Config {
  const id = textOption(options, 'id');
  const listen = textOption(options, 'listen');
  const health = textOption(options, 'health');
  const [first, ...others] = config.listeners;
  return {
    ...config,
    ...(id !== undefined && { redirector: { ...config.redirector, id: memberId(id) } }),
    ...(health !== undefined && { health: { listen: addressOf('health', health) } }),
    ...(listen !== undefined && {
      listeners: [
        {
          protocol: 'http',
          route: 'first-path-segment',
          ...first,
          listen: addressOf('listen', listen),
        },
        ...others,
      ],
    }),
  };
}

function say({ isJson, terminal }: Context, services: Services, roles: readonly Role[]): void {
  const has = (role: Role): boolean => roles.includes(role);
  const ready = {
    ...(has('api') && {
      api: formatAddress(services.api.address),
      agents: formatAddress(services.registration.address),
    }),
    ...(has('redirector') && { proxy: services.listeners.map(formatAddress) }),
    health: formatAddress(services.health.address),
  };
  if (isJson) {
    terminal.print(JSON.stringify({ ready }));
    return;
  }
  const scheme = services.config.api.tls === undefined ? 'http' : 'https';
  if (ready.api !== undefined) terminal.say(`page and API  ${scheme}://${ready.api}`);
  for (const { protocol, addresses } of has('redirector') ? services.redirector.adapters : []) {
    for (const at of addresses) terminal.say(`clients       ${protocol}://${formatAddress(at)}`);
  }
  terminal.say(`metrics       http://${ready.health}/metrics`);
  if (ready.agents !== undefined) terminal.say(`agents        ${ready.agents}`);
  if (ready.proxy?.length === 0) {
    terminal.say('no listener is configured: clients cannot connect (config: listeners)');
  }
}
