import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { z } from 'zod';
import { agentToken } from '../../core/agent-protocol.js';
import type { Address, Dimension, ResourceId } from '../../core/domain.js';
import { DIMENSIONS, formatAddress, resourceId, serverId } from '../../core/domain.js';
import { fail } from '../../core/errors.js';
import { createLog } from '../../core/log.js';
import { OUTBOUND_DEFAULTS, OutboundGuard } from '../../core/net/guard.js';
import { NodeNet } from '../../core/net/node.js';
import { serverIdSchema } from '../../core/schema.js';
import { agentService } from '../services/agent.js';
import type { AttachedServer } from '../services/attachments.js';
import { live } from '../services/life.js';
import { clusterSecret } from '../services/secret.js';
import { readText } from '../read-text.js';
import { productVersion } from '../product.js';
import type { Verb, VerbOptions } from '../verb.js';
import { addressOf, textOption, wholeOption } from '../verb.js';

/** The token may come this way, so that it stands in no process list. */
const TOKEN_VARIABLE = 'FORESHIFT_AGENT_TOKEN';
/** Of nfs-ganesha, if nobody says otherwise. */
const MOUNT_PORT = 20_048;

export const agentVerb: Verb = {
  usage: 'agent <server>',
  summary:
    'Run an agent beside a server that knows nothing of it: with a sidecar, or for its exports or targets.',
  options: [
    ['--forward <address>', 'the server itself, on this machine'],
    ['--listen <address>', 'where redirectors send requests', '127.0.0.1:7711'],
    ['--control <address>', 'where redirectors reach the agent', '127.0.0.1:7712'],
    ['--health <address>', 'where /healthz, /readyz and /metrics listen', '127.0.0.1:7713'],
    ['--advertise <host>', 'the host by which redirectors reach both (default: as they listen)'],
    ['--announce-to <urls>', 'where agents register', 'http://127.0.0.1:7703'],
    ['--resources <names>', 'what it may serve: names, or @file with one a line'],
    ['--shared <names>', 'which of these it serves beside others, with * for any characters', ''],
    ['--ganesha-exports <folder>', 'no sidecar: EXPORT blocks, one <resource>.export each'],
    ['--ganesha-pid <file>', 'the pid file of that nfs-ganesha', '/run/ganesha/ganesha.pid'],
    ['--ganesha-mount-port <port>', 'of its MOUNT program', String(MOUNT_PORT)],
    ['--tgt-targets <folder>', 'no sidecar: targets of a tgtd, one <resource>.target each'],
    ['--tgt-control-port <number>', 'of that tgtd (-C)', '0'],
    ['--capacity <amounts>', 'such as cpu=4,memory=17179869184', ''],
    ['--metrics <url>', 'of a node_exporter on this machine'],
    ['--zone <name>', 'where it stands'],
    ['--token-file <file>', `holds its token (or ${TOKEN_VARIABLE})`],
    ['--data <folder>', 'what it owns is kept here', './agent-data'],
  ],
  // When it is ready; then it runs until it is told to stop.
  answer: z.object({
    ready: z.object({
      server: serverIdSchema,
      listen: z.string(),
      control: z.string(),
      health: z.string(),
    }),
  }),
  run: async (context, [name = ''], options) => {
    const { clock, terminal } = context;
    const server = serverId(name);
    const needed = (option: string): string =>
      textOption(options, option) ?? fail('ERR_OPTION_MISSING', { option: `--${option}` });
    const neededAddress = (option: string): Address => addressOf(option, needed(option));
    const log = createLog({ level: 'info' });
    const guard = new OutboundGuard({
      ...OUTBOUND_DEFAULTS,
      networks: ['127.0.0.0/8', '::1/128', ...OUTBOUND_DEFAULTS.networks],
    });
    const metricsUrl = textOption(options, 'metrics');
    const readResources = async (): Promise<readonly ResourceId[]> =>
      (await namesOf(needed('resources'))).map(resourceId);
    let resources = await readResources();
    const { service, agent, address, health } = await agentService(
      {
        server,
        resources: () => resources,
        shared: await namesOf(textOption(options, 'shared') ?? ''),
        health: neededAddress('health'),
        version: await productVersion(),
        listen: neededAddress('listen'),
        forward: neededAddress('forward'),
        control: neededAddress('control'),
        advertise: textOption(options, 'advertise'),
        apiUrls: (textOption(options, 'announceTo') ?? '').split(','),
        token: await tokenOf(options),
        capacity: capacityOf(textOption(options, 'capacity') ?? ''),
        zone: textOption(options, 'zone') ?? null,
        metrics:
          metricsUrl === undefined
            ? null
            : { source: 'prometheus', url: metricsUrl, mapping: 'node_exporter' },
        attached: attachedServerOf(options),
        dataDir: needed('data'),
      },
      { net: new NodeNet(clock, guard), clock, log, boot: randomUUID() },
    );
    const words = (): string =>
      `agent of ${server}: requests at ${formatAddress(address())}, control at ${formatAddress(agent.control)}`;
    const started = (): void => {
      const ready = {
        server,
        listen: formatAddress(address()),
        control: formatAddress(agent.control),
        health: formatAddress(health.address),
      };
      context.show({ ready }, words);
      terminal.say('Ctrl-C stops it');
    };
    const reload = async (): Promise<void> => {
      resources = await readResources();
      log.info({ resources: resources.length }, 'resources read again');
    };
    await live({ service, started, status: words, reload }, { clock, log });
  },
};

function attachedServerOf(options: VerbOptions): AttachedServer | undefined {
  const exports = textOption(options, 'ganeshaExports');
  const targets = textOption(options, 'tgtTargets');
  if (exports !== undefined && targets !== undefined) {
    const allowed = 'one server: no --ganesha-exports beside it';
    fail('ERR_OPTION_INVALID', { option: '--tgt-targets', value: targets, allowed });
  }
  if (targets !== undefined) {
    const controlPort = wholeOption(options, 'tgt-control-port', { min: 0, max: 65_535 }) ?? 0;
    return { kind: 'tgt', targets, controlPort };
  }
  if (exports === undefined) return undefined;
  const ports = { min: 1, max: 65_535 };
  const mountPort = wholeOption(options, 'ganesha-mount-port', ports) ?? MOUNT_PORT;
  return { kind: 'ganesha', exports, pidFile: textOption(options, 'ganeshaPid') ?? '', mountPort };
}

export const agentTokenVerb: Verb = {
  usage: 'agent-token <server>',
  summary: "Print the token of a server's agent; it is good for that server only.",
  answer: z.object({ server: serverIdSchema, token: z.string() }),
  run: async (context, [name = '']) => {
    const server = serverId(name);
    const { config, secret, folder } = await context.config();
    const cluster = await clusterSecret(secret, join(folder, config.dataDir));
    const token = agentToken(cluster, server);
    context.show({ server, token }, () => token);
  },
};

async function namesOf(text: string): Promise<string[]> {
  const list = text.startsWith('@') ? await readText(text.slice(1)) : text;
  return list.split(/[\s,]+/).filter((name) => name !== '');
}

async function tokenOf(options: VerbOptions): Promise<string> {
  const file = textOption(options, 'tokenFile');
  const token = file === undefined ? process.env[TOKEN_VARIABLE] : await readText(file);
  return (
    token?.trim() ?? fail('ERR_OPTION_MISSING', { option: `--token-file, or ${TOKEN_VARIABLE}` })
  );
}

function capacityOf(text: string): Partial<Record<Dimension, number>> {
  const capacity: Partial<Record<Dimension, number>> = {};
  for (const part of text.split(',').filter((piece) => piece !== '')) {
    const [name = '', amount = ''] = part.split('=');
    const dimension = DIMENSIONS.find((known) => known === name);
    const value = Number(amount);
    if (dimension === undefined || amount === '' || !(value > 0) || !Number.isFinite(value)) {
      const allowed = `${DIMENSIONS.join(', ')}, each with = and an amount above 0`;
      fail('ERR_OPTION_INVALID', { option: '--capacity', value: part.slice(0, 80), allowed });
    }
    capacity[dimension] = value;
  }
  return capacity;
}
