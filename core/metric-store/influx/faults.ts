import type { ErrorCode } from '../../errors.js';
import { ForeshiftError } from '../../errors.js';
import type { CallAnswer } from '../../net/port.js';
import { clip } from '../../text.js';
import { AnswerFault } from './answer.js';

/*
 * What went wrong, as the port says it. Everything that is written is keyed, so whatever may have happened, repeating is safe:
 *
 *   ERR_STORE_UNAVAILABLE   it did not happen, later it may: not reachable, busy, or it does not let us in
 *   ERR_STORE_AMBIGUOUS     a write that may have happened: no whole answer, or a failure inside
 *   ERR_STORE_REFUSED       it would be refused again: a conflict of types, a limit, a statement that it does not understand
 */

export type Intent = 'read' | 'write';

/** An answer that is an error is short. */
const ERROR_BYTES_MAX = 1024;

type StoreFault = Extract<
  ErrorCode,
  'ERR_STORE_UNAVAILABLE' | 'ERR_STORE_AMBIGUOUS' | 'ERR_STORE_REFUSED'
>;

export function storeFault(code: StoreFault, store: string, why: string): ForeshiftError {
  return new ForeshiftError(code, { store, why }, { cause: new Error(why) });
}

/** Of a call that brought no answer at all; anything that is no failure of a call comes back as it is. */
export function faultOfCall(error: unknown, store: string, intent: Intent): unknown {
  if (error instanceof AnswerFault) return faultOfAnswer(error, store, intent);
  if (!(error instanceof ForeshiftError)) return error;
  const code = CALL_FAULTS[error.code]?.[intent];
  const { why = error.message } = error.facts;
  return code === undefined ? error : storeFault(code, store, clip(String(why)));
}

const CALL_FAULTS: Readonly<Partial<Record<ErrorCode, Readonly<Record<Intent, StoreFault>>>>> = {
  ERR_CALL_AMBIGUOUS: { read: 'ERR_STORE_UNAVAILABLE', write: 'ERR_STORE_AMBIGUOUS' },
  ERR_CALL_REFUSED: { read: 'ERR_STORE_UNAVAILABLE', write: 'ERR_STORE_UNAVAILABLE' },
  ERR_CALL_FAILED: { read: 'ERR_STORE_UNAVAILABLE', write: 'ERR_STORE_UNAVAILABLE' },
  ERR_CALL_FORBIDDEN: { read: 'ERR_STORE_UNAVAILABLE', write: 'ERR_STORE_UNAVAILABLE' },
  ERR_CALL_OVERSIZED: { read: 'ERR_STORE_REFUSED', write: 'ERR_STORE_AMBIGUOUS' },
};

/** Of an answer with a status that is not the one for success. */
export function faultOfStatus(answer: CallAnswer, store: string, intent: Intent): ForeshiftError {
  const { status } = answer;
  const why = `${status} ${errorIn(answer)}`;
  if (status >= 500 && status !== 503) return storeFault(unsure(intent), store, why);
  const isRefused = status === 400 || status === 413 || status === 422;
  // No rights, too many requests, another server than InfluxDB: nothing happened, and somebody will mend it.
  return storeFault(isRefused ? 'ERR_STORE_REFUSED' : 'ERR_STORE_UNAVAILABLE', store, why);
}

/** Nothing but that the time of some points is over: as if they had been written, and dropped right after. */
export function isOnlyTooOld(answer: CallAnswer): boolean {
  return answer.status === 400 && errorIn(answer).includes('beyond retention policy');
}

/** A write says so by its status, a question inside its 200. */
export function isDatabaseMissing(answer: CallAnswer): boolean {
  return (
    (answer.status === 404 || answer.status === 200) &&
    /^(?:database|retention policy) not found/.test(errorIn(answer))
  );
}

/** A statement fails inside a 200: busy, out of time, or never to be answered. */
function faultOfAnswer({ message, isOwn }: AnswerFault, store: string, intent: Intent) {
  const isLater = !isOwn || /timeout|max-concurrent|not found|shutdown|closed|killed/.test(message);
  return storeFault(isLater ? unsure(intent) : 'ERR_STORE_REFUSED', store, clip(message));
}

function unsure(intent: Intent): 'ERR_STORE_AMBIGUOUS' | 'ERR_STORE_UNAVAILABLE' {
  return intent === 'write' ? 'ERR_STORE_AMBIGUOUS' : 'ERR_STORE_UNAVAILABLE';
}

/** What InfluxDB says in `{"error": "…"}`, else the beginning of the body. */
function errorIn({ body }: CallAnswer): string {
  const text = Buffer.from(body.subarray(0, ERROR_BYTES_MAX)).toString();
  return clip(/"error":"((?:[^"\\]|\\.)*)"/.exec(text)?.[1] ?? text);
}
