import { ForeshiftError, codeOf } from '../core/errors.js';

/** An error as the API tells it (RFC 9457), with our code and remedy beside the standard members. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: string;
  readonly remedy: string;
  readonly [fact: string]: string | number;
}

/** Anything that is not one of our coded errors is told as an internal one, without its words. */
export function problemOf(error: unknown): Problem {
  if (error instanceof ForeshiftError) {
    const { code, status, message, remedy, facts } = error;
    const name = code.replace(/^ERR_/, '').toLowerCase().replaceAll('_', '-');
    const title = name.replaceAll('-', ' ');
    return { ...facts, type: `/problems/${name}`, title, status, detail: message, code, remedy };
  }
  return {
    type: '/problems/internal',
    title: 'internal error',
    status: 500,
    detail: 'something went wrong inside; the log says what',
    code: 'ERR_INTERNAL',
    remedy: 'Look at the log of the api, and report what it says.',
  };
}

export function isExpected(error: unknown): boolean {
  return codeOf(error) !== undefined;
}
