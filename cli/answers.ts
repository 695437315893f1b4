import { fail } from '../core/errors.js';
import type { JsonObject } from '../core/json.js';
import { jsonSchemaOf } from '../core/schema.js';
import { clip } from '../core/text.js';
import { failureSchema } from './exit.js';
import type { Verb } from './verb.js';

/* What `--json` prints, for programs that read it: JSON Schema made from what the verbs themselves say of their answers. */

/** Of one verb, by its words. @throws ERR_OPTION_INVALID — there is no such verb */
export function answerSchemaOf(verbs: readonly Verb[], words: readonly string[]): JsonObject {
  const path = words.join(' ');
  const all = answeringVerbs(verbs);
  const verb = all.get(path);
  if (verb !== undefined) return schemaOf(path, verb);
  const allowed = [...all.keys()].join(', ');
  return fail('ERR_OPTION_INVALID', { option: 'verb', value: clip(path), allowed });
}

/** Of all, and of what any of them prints instead if it fails. */
export function allAnswerSchemas(verbs: readonly Verb[]): AllAnswerSchemas {
  const all = [...answeringVerbs(verbs)];
  return {
    error: jsonSchemaOf(failureSchema),
    verbs: Object.fromEntries(all.map(([path, verb]) => [path, schemaOf(path, verb)])),
  };
}

interface AllAnswerSchemas {
  readonly error: JsonObject;
  /** By their words: `config check`. */
  readonly verbs: Readonly<Record<string, JsonObject>>;
}

type Answering = Verb & Required<Pick<Verb, 'answer'>>;

/** By their words. */
function answeringVerbs(verbs: readonly Verb[], before = ''): Map<string, Answering> {
  return new Map(
    verbs.flatMap((verb) => {
      const path = `${before}${verb.usage.split(' ')[0] ?? ''}`;
      const { answer } = verb;
      const own = answer === undefined ? [] : [[path, { ...verb, answer }] as const];
      return [...own, ...answeringVerbs(verb.verbs ?? [], `${path} `)];
    }),
  );
}

function schemaOf(path: string, { answer, summary }: Answering): JsonObject {
  return { ...jsonSchemaOf(answer), title: `foreshift ${path} --json`, description: summary };
}
