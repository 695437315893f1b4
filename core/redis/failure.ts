import type { ErrorCode } from '../errors.js';
import { ForeshiftError } from '../errors.js';
import { messageOf } from '../text.js';

/*
 * What an error of the client, or an error answer of the server, means to us. A failure has two sides: why (one
 * of our codes, the `cause` of what a store throws), and whether the call may have been carried out.
 */

/** By the first word of the answer. Each of them says that nothing was done. */
const REFUSALS: Readonly<Record<string, ErrorCode>> = {
  NOAUTH: 'ERR_REDIS_LOGIN',
  WRONGPASS: 'ERR_REDIS_LOGIN',
  NOPERM: 'ERR_REDIS_FORBIDDEN',
  READONLY: 'ERR_REDIS_READ_ONLY',
  NOREPLICAS: 'ERR_REDIS_READ_ONLY',
  OOM: 'ERR_REDIS_FULL',
  MISCONF: 'ERR_REDIS_FULL',
  MOVED: 'ERR_REDIS_CLUSTER',
  ASK: 'ERR_REDIS_CLUSTER',
  TRYAGAIN: 'ERR_REDIS_CLUSTER',
  CROSSSLOT: 'ERR_REDIS_CLUSTER',
  CLUSTERDOWN: 'ERR_REDIS_CLUSTER',
  LOADING: 'ERR_REDIS_LOADING',
  MASTERDOWN: 'ERR_REDIS_LOADING',
  BUSY: 'ERR_REDIS_LOADING',
  WRONGTYPE: 'ERR_REDIS_DATA',
  NOPROTO: 'ERR_REDIS_REFUSED',
  NOSCRIPT: 'ERR_REDIS_REFUSED',
};

/** What a user may not do is refused with these words in a script; perhaps in the middle of it. */
const FORBIDDEN_IN_SCRIPT = 'ERR The user executing the script';
/** The client's own words for a command that had no answer in time, and for one that it did not write. */
const TIMED_OUT = 'Command timed out';
const NOT_WRITTEN = "Stream isn't writeable";

/** Why, in one of our codes. */
export function reasonOf(error: unknown, redis: string): ForeshiftError {
  if (error instanceof ForeshiftError) return error;
  const why = messageOf(error);
  return new ForeshiftError(refusalOf(error) ?? otherReasonOf(error), { redis, why });
}

/** Nothing was done. False: nobody knows. */
export function isSurelyNotDone(error: unknown): boolean {
  if (refusalOf(error) !== undefined) return true;
  return error instanceof Error && error.message.includes(NOT_WRITTEN);
}

/** No answer in time. */
export function isTimeout(error: unknown): boolean {
  return error instanceof Error && error.message === TIMED_OUT;
}

export function isUnknownScript(error: unknown): boolean {
  return isAnswer(error) && error.message.startsWith('NOSCRIPT');
}

function refusalOf(error: unknown): ErrorCode | undefined {
  if (!isAnswer(error)) return undefined;
  const [word = ''] = error.message.split(' ', 1);
  return Object.hasOwn(REFUSALS, word) ? REFUSALS[word] : undefined;
}

function otherReasonOf(error: unknown): ErrorCode {
  if (!isAnswer(error)) return 'ERR_REDIS_UNREACHABLE';
  const isForbidden = error.message.startsWith(FORBIDDEN_IN_SCRIPT);
  return isForbidden ? 'ERR_REDIS_FORBIDDEN' : 'ERR_REDIS_REFUSED';
}

function isAnswer(error: unknown): error is Error {
  return error instanceof Error && error.name === 'ReplyError';
}
