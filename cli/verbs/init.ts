import { basename, dirname, join } from 'node:path';
import { z } from 'zod';
import { configJsonSchema } from '../../core/config/schema.js';
import { MODES } from '../../core/domain.js';
import { fail } from '../../core/errors.js';
import { isAccessible } from '../accessible.js';
import type { Context } from '../context.js';
import type { FirstAnswers } from '../first-config.js';
import { firstConfig } from '../first-config.js';
import { writeOut } from '../out-file.js';
import type { Verb, VerbOptions } from '../verb.js';
import { choiceOption, textOption } from '../verb.js';

const CONFIG_FILE = 'foreshift.yaml';
const SCHEMA_FILE = 'foreshift.schema.json';

/** What is asked where a person can be, and stands where nobody says anything. */
const QUESTIONS: readonly (readonly [key: keyof FirstAnswers, question: string, other: string])[] =
  [
    ['listen', 'Where do clients connect?', '0.0.0.0:8080'],
    ['servers', 'Servers, as s1=10.0.0.11:80, s2=… (empty: agents announce them)', ''],
    ['resources', 'Resources, as vol-1, vol-2, … (empty: agents announce them)', ''],
    ['exporterPort', 'Port of node_exporter on each server (empty: none)', ''],
    ['cores', 'Cores of each server (empty: not known)', ''],
    ['memory', 'Memory of each server, as 32GiB (empty: not known)', ''],
  ];

export const initVerb: Verb = {
  usage: 'init',
  summary: 'Write a first config: asks what it needs, or takes it from options.',
  options: [
    ['--mode <mode>', 'observe: forecasts only; propose: you approve; auto'],
    ['--listen <address>', 'where clients connect'],
    ['--servers <list>', 's1=10.0.0.11:80,s2=10.0.0.12:80'],
    ['--resources <list>', 'vol-1,vol-2'],
    ['--exporter-port <port>', 'of node_exporter on each server'],
    ['--cores <number>', 'of each server'],
    ['--memory <bytes>', 'of each server, as 32GiB'],
    ['--force', 'write over a config that is there'],
  ],
  choices: { '--mode': MODES },
  answer: z.object({ file: z.string(), schemaFile: z.string() }),
  run: async (context, _args, options) => {
    const file = context.options.config ?? CONFIG_FILE;
    if (options.force !== true && (await isAccessible(file))) {
      fail('ERR_FILE_UNWRITABLE', { file, why: 'it is there already (--force writes over it)' });
    }
    const answers = await answersOf(context, options);
    const text = firstConfig(answers, { file, schema: `./${SCHEMA_FILE}` });
    const schemaFile = join(dirname(file), SCHEMA_FILE);
    await writeOut(schemaFile, `${JSON.stringify(configJsonSchema(), undefined, 2)}\n`);
    await writeOut(file, text);
    context.show({ file, schemaFile }, () => {
      const next = 'next: foreshift doctor, then foreshift up';
      return `${file} is written, and ${basename(schemaFile)} for editors\n${next}`;
    });
  },
};

/** By options; what they leave open is asked, if somebody is there. */
async function answersOf(context: Context, options: VerbOptions): Promise<FirstAnswers> {
  const { terminal, isJson } = context;
  const answers: Record<string, string> = {};
  for (const [key, question, otherwise] of QUESTIONS) {
    const given = textOption(options, key);
    if (given !== undefined) answers[key] = given;
    else if (terminal.isInteractive && !isJson) {
      const hint = otherwise === '' ? '' : ` [${otherwise}]`;
      answers[key] = (await terminal.ask(`${question}${hint} `)).trim() || otherwise;
    } else answers[key] = otherwise;
  }
  // Moves begin when somebody has seen what would have been moved.
  const mode = choiceOption(options, 'mode', MODES) ?? 'observe';
  return { ...(answers as Omit<FirstAnswers, 'mode'> & Record<string, string>), mode };
}
