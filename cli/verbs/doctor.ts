import { randomInt } from 'node:crypto';
import { z } from 'zod';
import type { Status } from '../../api/contract/status.js';
import { codeOf } from '../../core/errors.js';
import { SILENT_LOG } from '../../core/log.js';
import { NodeNet } from '../../core/net/node.js';
import { SeededRng } from '../../core/rng.js';
import { counted } from '../../core/text.js';
import { ApiRefusal } from '../api-client.js';
import type { Context, FoundConfig } from '../context.js';
import { engineFindings } from '../doctor/engines.js';
import { fileFindings } from '../doctor/files.js';
import type { Finding, Level } from '../doctor/finding.js';
import { failedWith, findingSchema, ok, warn } from '../doctor/finding.js';
import { machineFindings } from '../doctor/machine.js';
import { listenerFindings, serverFindings } from '../doctor/network.js';
import { EXIT, Ended } from '../exit.js';
import { outboundGuard, ownListeners } from '../services/outbound.js';
import type { Style } from '../terminal.js';
import type { Verb } from '../verb.js';

export const doctorVerb: Verb = {
  usage: 'doctor',
  summary:
    'Look at everything that Foreshift needs, from this machine to each server, and say what to mend; nothing is changed.',
  answer: z.object({ findings: z.array(findingSchema) }),
  run: async (context) => {
    const findings = await findingsOf(context);
    const { style } = context.terminal;
    context.show({ findings }, () => findings.map((each) => lineOf(each, style)).join('\n'));
    const count = (level: Level): number =>
      findings.filter((finding) => finding.level === level).length;
    const [bad, doubtful] = [count('fail'), count('warn')];
    context.terminal.say(
      bad + doubtful === 0
        ? 'all is well'
        : `${counted(bad, 'fault')}, ${counted(doubtful, 'warning')}`,
    );
    if (bad > 0) throw new Ended(EXIT.error);
  },
};

async function findingsOf(context: Context): Promise<Finding[]> {
  const config = await context.config().catch((error: unknown) => failedWith('config', error));
  // Of a config with a fault nothing is used: nothing else can be looked at.
  if ('level' in config) return [config];
  const parts = {
    clock: context.clock,
    net: new NodeNet(context.clock, outboundGuard(config.config)),
    rng: new SeededRng(randomInt(2 ** 32)),
    log: SILENT_LOG,
  };
  const running = await runningFinding(context);
  const { net } = parts;
  return [
    configFinding(config),
    ...(await machineFindings(config)),
    ...(await fileFindings(config, context.clock)),
    ...(await engineFindings(config, parts)),
    ...running.findings,
    ...(await listenerFindings(net, ownListeners(config.config), running.isRunning)),
    ...(await serverFindings(parts, config.config)),
  ];
}

function configFinding({ file, config }: FoundConfig): Finding {
  const fix = '`foreshift init` writes one';
  if (file === undefined) return warn('config', 'there is no foreshift.yaml here: defaults', fix);
  const counts = [
    counted(config.listeners.length, 'listener'),
    counted(config.servers.length, 'server'),
  ];
  return ok('config', `${file}: ${counts.join(', ')} declared, mode ${config.mode}`);
}

/** What a Foreshift that runs says of itself. */
async function runningFinding(
  context: Context,
): Promise<{ readonly isRunning: boolean; readonly findings: readonly Finding[] }> {
  const api = await context.api();
  try {
    const { cluster, warnings, balancer } = await api.get<Status>('/v1/status');
    return {
      isRunning: true,
      findings: [
        ok('running', `cluster ${cluster}: ${balancer.text}`),
        ...warnings.map((text) => warn('running', text, 'See docs/OPERATIONS.md')),
      ],
    };
  } catch (error) {
    if (error instanceof ApiRefusal)
      return { isRunning: true, findings: [failedWith('api', error)] };
    if (codeOf(error) !== 'ERR_API_UNREACHABLE') throw error;
    return { isRunning: false, findings: [ok('running', 'nothing yet: `foreshift up` starts it')] };
  }
}

const WORDS: Readonly<Record<Level, string>> = { ok: 'OK  ', warn: 'WARN', fail: 'FAIL' };

function lineOf({ level, what, says, fix }: Finding, style: Style): string {
  const colour = { ok: style.green, warn: style.yellow, fail: style.red }[level];
  const line = `${colour(WORDS[level])} ${what}: ${says}`;
  return fix === '' ? line : `${line}\n       fix: ${fix}`;
}
