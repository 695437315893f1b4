import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { allAnswerSchemas, answerSchemaOf } from '../../../cli/answers.js';
import type { Verb } from '../../../cli/verb.js';
import { VERBS } from '../../../cli/verbs/all.js';
import type { Json } from '../../../core/json.js';
import { faultsOf } from '../../support/shipped-schemas.js';

/** Places where a schema says nothing at all. */
function holes(schema: Json, at = ''): string[] {
  if (schema === null || typeof schema !== 'object') return [];
  return Object.entries(schema).flatMap(([key, value]) => {
    const isHole = JSON.stringify(value) === '{}' && key !== 'default';
    return isHole ? [`${at}/${key}`] : holes(value as Json, `${at}/${key}`);
  });
}

function acting(verbs: readonly Verb[]): Verb[] {
  return verbs.flatMap((verb) => [verb, ...acting(verb.verbs ?? [])]).filter(({ run }) => run);
}

describe('the schemas of what verbs print', () => {
  it('are there for every verb, and leave open only what is a schema itself', () => {
    expect(acting(VERBS).filter(({ answer }) => answer === undefined)).toEqual([]);
    const { verbs } = allAnswerSchemas(VERBS);
    expect(Object.keys(verbs)).toHaveLength(acting(VERBS).length);
    for (const [path, schema] of Object.entries(verbs)) {
      expect(schema).toMatchObject({
        $schema: 'https://json-schema.org/draft/2020-12/schema',
        title: `foreshift ${path} --json`,
      });
      if (!path.endsWith('schema'))
        expect({ path, holes: holes(schema) }).toMatchObject({ holes: [] });
    }
  });

  it('are what JSON Schema says: names, too, which are checked by code', () => {
    const schema = z.fromJSONSchema(answerSchemaOf(VERBS, ['pin']));
    const pin = { server: 's1', by: 'ann', reason: '', sinceMs: 1 };
    expect(schema.safeParse(pin).success).toBe(true);
    expect(schema.safeParse({ ...pin, server: 's 1' }).success).toBe(false);
  });

  it('find what is missing, of another kind, or told nowhere', () => {
    const told = { name: 'ann', role: 'viewer', untilMs: 1, token: 'x' };
    expect(faultsOf('token', JSON.stringify(told))).toEqual([]);
    expect(faultsOf('token', JSON.stringify({ ...told, name: undefined }))).toHaveLength(1);
    expect(faultsOf('token', JSON.stringify({ ...told, role: 'king' }))).toHaveLength(1);
    expect(faultsOf('token', JSON.stringify({ ...told, secret: 1 }))).toHaveLength(1);
  });
});
