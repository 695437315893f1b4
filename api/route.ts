import { z } from 'zod';
import { fail } from '../core/errors.js';
import { clip } from '../core/text.js';

/** Who may call: a viewer sees, an operator changes. GET never changes anything. */
export type Role = 'viewer' | 'operator';

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
  readonly role: Role;
  readonly summary: string;
  /** Answers 200 with JSON; what it throws becomes problem+json. */
  readonly handle: (request: RawRequest) => Promise<unknown>;
}

interface Described<Params, Query, Body> {
  readonly method: ApiRoute['method'];
  readonly path: string;
  readonly summary: string;
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
  const { method, path, summary } = described;
  const schemas = {
    params: described.params ?? (nothingSchema as z.ZodType<Params>),
    query: described.query ?? (nothingSchema as z.ZodType<Query>),
    body: described.body ?? (nothingSchema as z.ZodType<Body>),
  };
  return {
    method,
    path,
    summary,
    role: method === 'GET' ? 'viewer' : 'operator',
    handle: ({ params, query, body, signal }) =>
      handle({
        params: parse('path', schemas.params, params),
        query: parse('query', schemas.query, query),
        body: parse('body', schemas.body, body),
        signal,
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
