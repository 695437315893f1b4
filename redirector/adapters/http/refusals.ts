import type { HttpFault } from '../../../core/net/http/fault.js';

/** The answers that the redirector itself gives: each says whether the server may have carried the request out. */
export interface Refusal {
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly executed: 'no' | 'unknown';
  /** When it is worth trying again. */
  readonly retryAfterMs?: number;
}

export const REFUSALS = {
  noResource: {
    status: 404,
    code: 'no-resource',
    detail: 'the request names no resource of this service',
    executed: 'no',
  },
  unassigned: {
    status: 503,
    code: 'unassigned',
    detail: 'the resource has no server yet',
    executed: 'no',
    retryAfterMs: 1000,
  },
  holdFull: {
    status: 503,
    code: 'hold-full',
    detail: 'the resource is being moved and too many requests wait for it',
    executed: 'no',
    retryAfterMs: 1000,
  },
  holdTooLong: {
    status: 503,
    code: 'hold-too-long',
    detail: 'the resource did not become available in time',
    executed: 'no',
    retryAfterMs: 1000,
  },
  unreachable: {
    status: 503,
    code: 'server-unreachable',
    detail: 'the server of the resource cannot be reached',
    executed: 'no',
    retryAfterMs: 1000,
  },
  leaseOver: {
    status: 503,
    code: 'lease-over',
    detail: 'this redirector has lost touch with the others and does not serve the resource alone',
    executed: 'no',
    retryAfterMs: 1000,
  },
  serverFull: {
    status: 503,
    code: 'server-full',
    detail: 'the server has too many connections and too many requests wait',
    executed: 'no',
    retryAfterMs: 1000,
  },
  misdirected: {
    status: 503,
    code: 'misdirected',
    detail: 'the server gave the resource up and its new server is not known yet',
    executed: 'no',
    retryAfterMs: 1000,
  },
  requestLate: {
    status: 408,
    code: 'request-late',
    detail: 'the body of the request stopped coming',
    executed: 'unknown',
  },
  answerLost: {
    status: 502,
    code: 'answer-lost',
    detail: 'the connection to the server broke after the request had been sent',
    executed: 'unknown',
  },
  answerInvalid: {
    status: 502,
    code: 'answer-invalid',
    detail: 'the answer of the server is not valid HTTP',
    executed: 'unknown',
  },
  retriesSpent: {
    status: 502,
    code: 'retries-spent',
    detail:
      'the answer of the server was lost, and too many of its requests were sent again already',
    executed: 'unknown',
  },
  answerLate: {
    status: 504,
    code: 'answer-late',
    detail: 'the server did not answer in time',
    executed: 'unknown',
  },
} as const satisfies Record<string, Refusal>;

export type RefusalName = keyof typeof REFUSALS;

/** To what could not be read as a request, before any of it was sent. */
export function answerTo({ status, name, text }: HttpFault): Refusal {
  return { status, code: name, detail: text, executed: 'no' };
}
