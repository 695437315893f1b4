import { apiReference } from '../api-reference.js';
import { configReference, errorReference } from '../reference.js';
import type { Verb } from '../verb.js';

const page = (usage: string, summary: string, text: () => string): Verb => ({
  usage,
  summary,
  run: (context) => {
    context.terminal.print(text().trimEnd());
    return Promise.resolve();
  },
});

export const referenceVerb: Verb = {
  usage: 'reference',
  summary: 'Print a page of the reference.',
  verbs: [
    page('errors', 'Every coded error.', errorReference),
    page('api', 'Every route of the API.', apiReference),
    page('config', 'Every key of the config.', configReference),
  ],
};
