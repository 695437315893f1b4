import { z } from 'zod';
import { allAnswerSchemas } from '../../cli/answers.js';
import { VERBS } from '../../cli/verbs/all.js';
import type { Json, JsonObject } from '../../core/json.js';

/* What verbs print with --json, judged by the schemas that are shipped, as any program would. */

const SHIPPED = allAnswerSchemas(VERBS);

/** The words of every verb that has a schema. */
export const ANSWERING: readonly string[] = Object.keys(SHIPPED.verbs);

/** What is wrong with what a verb printed; empty: nothing. @param verb its words, or `error` for a verb that failed */
export function faultsOf(verb: string, printed: string): string[] {
  const schema = verb === 'error' ? SHIPPED.error : SHIPPED.verbs[verb];
  if (schema === undefined) return [`there is no schema of ${verb}`];
  const lines = printed.trim().split('\n');
  if (!verb.endsWith('schema') && lines.length !== 1) return [`${lines.length} lines, not one`];
  const parsed = checkOf(schema).safeParse(JSON.parse(printed));
  return parsed.error?.issues.map((issue) => JSON.stringify(issue)) ?? [];
}

const checks = new Map<JsonObject, z.ZodType>();

function checkOf(schema: JsonObject): z.ZodType {
  const known =
    checks.get(schema) ?? z.fromJSONSchema(closed(schema) as z.core.JSONSchema.JSONSchema);
  checks.set(schema, known);
  return known;
}

/** A key that a schema does not name is fine for programs of today, and yet a fault: it is told nowhere. */
function closed(schema: Json): Json {
  if (schema === null || typeof schema !== 'object') return schema;
  if (Array.isArray(schema)) return (schema as readonly Json[]).map(closed);
  const inner = Object.fromEntries(
    Object.entries(schema as JsonObject).map(([key, value]) => [key, closed(value ?? null)]),
  );
  const isObject = 'properties' in inner && !('additionalProperties' in inner);
  // A property may have that name, too; then it stands where no type does.
  return isObject && inner.type === 'object' ? { ...inner, additionalProperties: false } : inner;
}
