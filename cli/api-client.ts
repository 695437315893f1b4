import type { ErrorCode } from '../core/errors.js';
import { ForeshiftError, errorTable } from '../core/errors.js';
import type { JsonObject } from '../core/json.js';
import { parseJson } from '../core/json.js';
import { messageOf } from '../core/text.js';
import { webCall } from './web-call.js';

const ANSWER_BYTES_MAX = 256 << 20;

/** What the API refused, in its words, with the exit code that its error has. */
export class ApiRefusal extends Error {
  readonly code: string;
  readonly remedy: string;
  readonly exit: number;
  readonly problem: JsonObject;

  constructor(problem: JsonObject) {
    super(textOf(problem.detail, 'the API refused'));
    this.name = 'ApiRefusal';
    this.code = textOf(problem.code, 'ERR_INTERNAL');
    this.remedy = textOf(problem.remedy, '');
    this.exit = errorTable().find(({ code }) => code === this.code)?.exit ?? 1;
    this.problem = problem;
  }
}

interface Call {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  /** Left out: none. */
  readonly body?: unknown;
  readonly signal?: AbortSignal | undefined;
}

/** Calls the API of a running Foreshift. */
export class ApiClient {
  readonly #url: string;
  readonly #token: string | undefined;

  /** @param url `http://…` or `https://…`, as an operator named it: so it may be anywhere */
  constructor(url: string, token?: string) {
    this.#url = url.replace(/\/$/, '');
    this.#token = token;
  }

  /** @param signal gives it up @throws ApiRefusal, ERR_API_UNREACHABLE */
  get<Answer>(path: string, signal?: AbortSignal): Promise<Answer> {
    return this.#call({ method: 'GET', path, signal });
  }

  /** @throws ApiRefusal, ERR_API_UNREACHABLE */
  post<Answer>(path: string, body: unknown): Promise<Answer> {
    return this.#call({ method: 'POST', path, body });
  }

  async #call<Answer>(call: Call): Promise<Answer> {
    const { status, text } = await this.#asked(call).catch((cause: unknown) => {
      const code: ErrorCode = 'ERR_API_UNREACHABLE';
      throw new ForeshiftError(code, { url: this.#url, why: messageOf(cause) }, { cause });
    });
    const limits = { bytesMax: ANSWER_BYTES_MAX, depthMax: 32 };
    const json = parseJson(text, `the answer of ${this.#url}`, limits);
    if (status >= 400) throw new ApiRefusal(json as JsonObject);
    return json as Answer;
  }

  async #asked({
    method,
    path,
    body,
    signal,
  }: Call): Promise<{ readonly status: number; readonly text: string }> {
    const { status, body: answer } = await webCall({
      method,
      url: `${this.#url}${path}`,
      headers: {
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...(this.#token !== undefined && { authorization: `Bearer ${this.#token}` }),
      },
      body: body === undefined ? undefined : JSON.stringify(body),
      bytesMax: ANSWER_BYTES_MAX,
      signal,
    });
    return { status, text: answer.toString() };
  }
}

function textOf(value: unknown, otherwise: string): string {
  return typeof value === 'string' ? value : otherwise;
}
