import { ForeshiftError, codeOf, fail } from '../../core/errors.js';
import { authorizationOf } from '../../core/metric-store/influx/access.js';
import { messageOf } from '../../core/text.js';

/* How foreign stores of loads are asked: they may be anywhere, over TLS too, since an operator named them. */

export interface HistoryRequest {
  readonly method: 'GET' | 'POST';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Of the answer. */
  readonly bytesMax: number;
}

export interface HistoryAnswer {
  readonly status: number;
  readonly body: Uint8Array;
}

/** One call, answered whole. @throws ERR_CALL_OVERSIZED, or whatever kept it from being answered */
export type HistoryCall = (request: HistoryRequest) => Promise<HistoryAnswer>;

/** How to be let in: at most one of them. */
export interface Credentials {
  readonly token?: string | undefined;
  readonly user?: string | undefined;
  readonly password?: string | undefined;
}

/** Of one answer: so many values are some 40 MB of text. */
export const VALUES_MAX = 1_000_000;
const ANSWER_BYTES_MAX = 96 << 20;

export function headersOf({
  token,
  user: username,
  password,
}: Credentials): Record<string, string> {
  if (token !== undefined) return { authorization: `Bearer ${token}` };
  return authorizationOf({ username, password });
}

/** @throws ERR_HISTORY_UNREACHABLE, ERR_HISTORY_OVERSIZED, ERR_HISTORY_REFUSED where it does not let us in */
export async function asked(
  call: HistoryCall,
  source: string,
  request: Omit<HistoryRequest, 'bytesMax'>,
): Promise<HistoryAnswer> {
  const answer = await call({ ...request, bytesMax: ANSWER_BYTES_MAX }).catch((cause: unknown) => {
    if (codeOf(cause) === 'ERR_CALL_OVERSIZED') {
      const facts = { source, count: `more than ${ANSWER_BYTES_MAX}`, what: 'bytes in one answer' };
      return fail('ERR_HISTORY_OVERSIZED', { ...facts, limit: ANSWER_BYTES_MAX }, { cause });
    }
    const facts = { source, why: messageOf(cause) };
    throw new ForeshiftError('ERR_HISTORY_UNREACHABLE', facts, { cause });
  });
  const { status } = answer;
  if (status === 401 || status === 403) {
    const fix = 'Say who asks: --token-file, or --user with --password-file.';
    return fail('ERR_HISTORY_REFUSED', { source, why: `status ${status}`, fix });
  }
  return answer;
}
