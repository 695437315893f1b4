import type { z } from 'zod';
import type { JsonObject } from '../core/json.js';
import { jsonSchemaOf } from '../core/schema.js';
import { problemSchema } from './problem.js';
import type { ApiRoute, RouteSchemas } from './route.js';

export const OPENAPI_PATH = '/openapi.json';

/** The API as OpenAPI 3.1 has it: made from the routes themselves, so that it cannot say anything else. */
export function openApiOf(
  routes: readonly ApiRoute[],
  { version, hasLogin }: { readonly version: string; readonly hasLogin: boolean },
): JsonObject {
  const paths: Record<string, JsonObject> = {};
  for (const route of routes) {
    const path = route.path.replaceAll(/:(\w+)/g, '{$1}');
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operationOf(route) };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Foreshift',
      version,
      description:
        'What a running Foreshift does and why, and what an operator decides. GET changes nothing. An error is a problem (RFC 9457) whose type leads to what it means and what to do.',
    },
    ...(hasLogin && { security: [{ token: [] }] }),
    paths,
    components: {
      securitySchemes: { token: { type: 'http', scheme: 'bearer' } },
      schemas: { Problem: embedded(problemSchema) },
    },
  };
}

function operationOf({ method, path, summary, role, schemas, isTagged }: ApiRoute): JsonObject {
  const { body, answer } = schemas;
  return {
    operationId: operationId(method, path),
    summary,
    'x-role': role,
    parameters: [
      ...parametersOf('path', schemas),
      ...parametersOf('query', schemas),
      ...(method === 'POST' ? [IDEMPOTENCY_KEY] : []),
      ...(isTagged ? [IF_NONE_MATCH] : []),
    ],
    ...(body !== undefined && { requestBody: { required: true, content: json(body) } }),
    responses: {
      200: { description: 'Done.', ...(answer !== undefined && { content: json(answer) }) },
      ...(isTagged && { 304: { description: 'As it was when the ETag was given.' } }),
      default: {
        description: 'What was wrong, and what to do.',
        content: {
          'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } },
        },
      },
    },
  };
}

const IDEMPOTENCY_KEY: JsonObject = {
  name: 'Idempotency-Key',
  in: 'header',
  description:
    'Sent again with the same key, the request is answered as before and not acted on twice.',
  schema: { type: 'string', maxLength: 255 },
};
const IF_NONE_MATCH: JsonObject = {
  name: 'If-None-Match',
  in: 'header',
  description: 'The ETag of an answer that is known already.',
  schema: { type: 'string' },
};

function parametersOf(where: 'path' | 'query', schemas: RouteSchemas): JsonObject[] {
  const schema = where === 'path' ? schemas.params : schemas.query;
  if (schema === undefined) return [];
  const { properties = {}, required = [] } = embedded(schema) as {
    readonly properties?: Readonly<Record<string, JsonObject>>;
    readonly required?: readonly string[];
  };
  return Object.entries(properties).map(([name, own]) => ({
    name,
    in: where,
    required: where === 'path' || required.includes(name),
    schema: own,
  }));
}

function json(schema: z.ZodType): JsonObject {
  return { 'application/json': { schema: embedded(schema) } };
}

/** Within the document: OpenAPI 3.1 says for all of them which draft they are of. */
function embedded(schema: z.ZodType): JsonObject {
  return JSON.parse(JSON.stringify({ ...jsonSchemaOf(schema), $schema: undefined })) as JsonObject;
}

/** `POST /v1/plans/:plan/approve` is `post-plans-plan-approve`. */
function operationId(method: string, path: string): string {
  return [method.toLowerCase(), ...path.split('/').slice(2)].join('-').replaceAll(':', '');
}
