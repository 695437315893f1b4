import { z } from 'zod';
import { fail } from '../core/errors.js';
import { clip } from '../core/text.js';
import type { Role } from './access/token.js';

/** A request whose parts have not been looked at. */
export interface RawRequest {
  readonly params: unknown;
  readonly query: unknown;
  readonly body: unknown;
  /** Aborts when the client has gone. */
  readonly signal: AbortSignal;
}

/** One route of the API: everything that is known about it stands here, also for its documentation. */
export interface ApiRoute {
  readonly method: 'GET' | 'POST';
  /** Parts that begin with a colon are parameters. */
  readonly path: string;
  /** Who may call at least. GET never changes anything. */
  readonly role: Role;
  readonly summary: string;
  readonly schemas: RouteSchemas;
  /** The answer carries an ETag, and is not sent again to whoever has it. */
  readonly isTagged: boolean;
  /** Answers 200 with JSON; what it throws becomes problem+json. */
  readonly handle: (request: RawRequest) => Promise<unknown>;
}

/** Left out: there is nothing to say of it. */
export interface RouteSchemas {
  readonly params?: z.ZodType | undefined;
  readonly query?: z.ZodType | undefined;
  readonly body?: z.ZodType | undefined;
  readonly answer?: z.ZodType | undefined;
}

interface Described<Params, Query, Body> {
  readonly method: ApiRoute['method'];
  readonly path: string;
  readonly summary: string;
  readonly answer?: z.ZodType;
  readonly isTagged?: boolean;
  readonly params?: z.ZodType<Params>;
  readonly query?: z.ZodType<Query>;
  readonly body?: z.ZodType<Body>;
}

const nothingSchema = z.unknown();

/** Parts are checked once, here: the handler trusts them. Unknown keys are refused by the schemas. */
export function route<Params = unknown, Query = unknown, Body = unknown>(
  described: Described<Params, Query, Body>,
  handle: (request: {
    readonly params: Params;
    readonly query: Query;
    readonly body: Body;
    readonly signal: AbortSignal;
  }) => Promise<unknown>,
): ApiRoute {
  const { method, path, summary, params, query, body, answer, isTagged = false } = described;
  const schemas = {
    params: params ?? (nothingSchema as z.ZodType<Params>),
    query: query ?? (nothingSchema as z.ZodType<Query>),
    body: body ?? (nothingSchema as z.ZodType<Body>),
  };
  return {
    method,
    path,
    summary,
    schemas: { params, query, body, answer },
    isTagged,
    role: method === 'GET' ? 'viewer' : 'operator',
    handle: (request) =>
      handle({
        params: parse('path', schemas.params, request.params),
        query: parse('query', schemas.query, request.query),
        body: parse('body', schemas.body, request.body),
        signal: request.signal,
      }),
  };
}

function parse<Value>(part: string, schema: z.ZodType<Value>, value: unknown): Value {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const where = [part, ...(issue?.path.map(String) ?? [])].join('.');
  const why =
    issue?.code === 'unrecognized_keys'
      ? `there is no ${clip(issue.keys.join(', '))}`
      : (issue?.message ?? 'malformed');
  return fail('ERR_REQUEST_INVALID', { where, why });
}
