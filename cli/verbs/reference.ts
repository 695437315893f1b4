import { z } from 'zod';
import { apiReference } from '../api-reference.js';
import { configReference, errorReference, verbReference } from '../reference.js';
import type { Verb } from '../verb.js';

const page = (usage: string, summary: string, text: () => string): Verb => ({
  usage,
  summary,
  answer: z.object({ page: z.string(), markdown: z.string() }),
  run: (context) => {
    const markdown = text().trimEnd();
    context.show({ page: usage, markdown }, () => markdown);
    return Promise.resolve();
  },
});

/** @param verbs all of them, once they are known */
export function referenceVerbOf(verbs: () => readonly Verb[]): Verb {
  return {
    usage: 'reference',
    summary: 'Print a page of the reference.',
    verbs: [
      page('errors', 'Every coded error.', errorReference),
      page('api', 'Every route of the API.', apiReference),
      page('config', 'Every key of the config.', configReference),
      page('verbs', 'Every verb of the command line.', () => verbReference(verbs())),
    ],
  };
}
