import { join } from 'node:path';
import { z } from 'zod';
import { ACCESS_ROLES, GRANT_NAME, apiToken } from '../../api/access/token.js';
import { fail } from '../../core/errors.js';
import { clusterSecret } from '../services/secret.js';
import type { Verb } from '../verb.js';
import { choiceOption, numberOption } from '../verb.js';

const DAY_MS = 86_400_000;

export const tokenVerb: Verb = {
  usage: 'token <name>',
  summary:
    'Print a token for the API, for a person or a program; run it where the cluster secret is.',
  options: [
    ['--role <role>', 'viewer: sees; operator: changes too', 'viewer'],
    ['--days <number>', 'it is good for so long', '90'],
  ],
  choices: { '--role': ACCESS_ROLES },
  answer: z.object({
    name: z.string(),
    role: z.enum(ACCESS_ROLES),
    untilMs: z.number(),
    token: z.string(),
  }),
  run: async (context, [name = ''], options) => {
    if (!GRANT_NAME.test(name)) fail('ERR_NAME_INVALID', { what: 'token', name });
    const role = choiceOption(options, 'role', ACCESS_ROLES) ?? 'viewer';
    const days = numberOption(options, 'days', { min: 0.01, max: 3650 }) ?? 90;
    const untilMs = context.clock.realtimeMs() + days * DAY_MS;
    const { config, secret, folder } = await context.config();
    const cluster = await clusterSecret(secret, join(folder, config.dataDir));
    const token = apiToken(cluster, { name, role, untilMs });
    context.show({ name, role, untilMs, token }, () => token);
  },
};
