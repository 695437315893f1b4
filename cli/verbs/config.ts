import { stringify } from 'yaml';
import { z } from 'zod';
import { configJsonSchema, configSchema } from '../../core/config/schema.js';
import type { Config } from '../../core/config/schema.js';
import { formatAddress } from '../../core/domain.js';
import type { Address } from '../../core/domain.js';
import { counted } from '../../core/text.js';
import type { Verb } from '../verb.js';

export const configVerb: Verb = {
  usage: 'config',
  summary: 'Look at the config.',
  verbs: [
    {
      usage: 'check',
      summary: 'Say whether the config is well; nothing is started.',
      answer: z.object({
        /** Null: there is none, these are the defaults. */
        file: z.string().nullable(),
        ok: z.literal(true),
        listeners: z.number(),
        servers: z.number(),
      }),
      run: async (context) => {
        const { file, config } = await context.config();
        const { listeners, servers } = config;
        const counts = { listeners: listeners.length, servers: servers.length };
        const name = file ?? 'the default config (there is no foreshift.yaml here)';
        context.show({ file: file ?? null, ok: true, ...counts }, () => {
          const [a, b] = [counted(counts.listeners, 'listener'), counted(counts.servers, 'server')];
          return `${name} is well: ${a}, ${b} declared`;
        });
      },
    },
    {
      usage: 'print',
      summary: 'Print the whole config, with defaults and overrides of the environment.',
      answer: configSchema,
      run: async (context) => {
        const { config } = await context.config();
        context.show(asWritten(config), () => stringify(asWritten(config)).trimEnd());
      },
    },
    {
      usage: 'schema',
      summary: 'Print the JSON Schema of the config, for editors.',
      answer: z.looseObject({ $schema: z.string() }),
      run: (context) => {
        context.terminal.print(JSON.stringify(configJsonSchema(), undefined, 2));
        return Promise.resolve();
      },
    },
  ],
};

/** As one would write it: addresses as text. */
function asWritten(config: Config): unknown {
  return JSON.parse(
    JSON.stringify(config, (_key, value: unknown) =>
      isAddress(value) ? formatAddress(value) : value,
    ),
  ) as unknown;
}

function isAddress(value: unknown): value is Address {
  if (typeof value !== 'object' || value === null) return false;
  return Object.keys(value).sort().join() === 'host,port';
}
