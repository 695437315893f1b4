import { z } from 'zod';
import { allAnswerSchemas, answerSchemaOf } from '../answers.js';
import type { Verb } from '../verb.js';

/** @param verbs all of them, once they are known */
export function schemaVerbOf(verbs: () => readonly Verb[]): Verb {
  return {
    usage: 'schema [verb...]',
    summary: 'Print the JSON Schema of what a verb prints with --json; of none: of all verbs.',
    notes: [
      'A verb that fails prints { error } instead, with an exit code above 0, or nothing but what it says.',
    ],
    answer: z.looseObject({}),
    run: ({ terminal }, words) => {
      const schema =
        words.join('') === '' ? allAnswerSchemas(verbs()) : answerSchemaOf(verbs(), words);
      terminal.print(JSON.stringify(schema, undefined, 2));
      return Promise.resolve();
    },
  };
}
