import { NodeNet } from '../core/net/node.js';
import { OutboundGuard } from '../core/net/guard.js';
import type { Clock } from '../core/clock/port.js';
import type { ErrorCode } from '../core/errors.js';
import { ForeshiftError, codeOf, errorTable } from '../core/errors.js';
import type { JsonObject } from '../core/json.js';
import { parseJson } from '../core/json.js';

const TIMEOUT_MS = 60_000;
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

/** Calls the API of a running Foreshift on this machine. */
export class ApiClient {
  readonly #net: NodeNet;
  readonly #url: string;

  constructor(url: string, clock: Clock) {
    this.#url = url.replace(/\/$/, '');
    const guard = new OutboundGuard({
      networks: ['127.0.0.0/8', '::1/128'],
      ports: [{ first: 1, last: 65_535 }],
      excluded: [],
    });
    this.#net = new NodeNet(clock, guard);
  }

  /** @throws ApiRefusal, ERR_API_UNREACHABLE */
  get<Answer>(path: string): Promise<Answer> {
    return this.#call('GET', path, undefined);
  }

  /** @throws ApiRefusal, ERR_API_UNREACHABLE */
  post<Answer>(path: string, body: unknown): Promise<Answer> {
    return this.#call('POST', path, body);
  }

  async #call<Answer>(method: 'GET' | 'POST', path: string, body: unknown): Promise<Answer> {
    const answer = await this.#net
      .call({
        method,
        url: `${this.#url}${path}`,
        ...(body !== undefined && {
          body: JSON.stringify(body),
          headers: { 'content-type': 'application/json' },
        }),
        timeoutMs: TIMEOUT_MS,
        answerBytesMax: ANSWER_BYTES_MAX,
      })
      .catch((cause: unknown) => {
        const code: ErrorCode | undefined = codeOf(cause);
        if (code === 'ERR_CALL_REFUSED' || code === 'ERR_CALL_FAILED') {
          throw new ForeshiftError('ERR_API_UNREACHABLE', { url: this.#url }, { cause });
        }
        throw cause;
      });
    const text = Buffer.from(answer.body).toString();
    const limits = { bytesMax: ANSWER_BYTES_MAX, depthMax: 32 };
    const json = parseJson(text, `the answer of ${this.#url}`, limits);
    if (answer.status >= 400) throw new ApiRefusal(json as JsonObject);
    return json as Answer;
  }
}

function textOf(value: unknown, otherwise: string): string {
  return typeof value === 'string' ? value : otherwise;
}
