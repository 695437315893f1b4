import type { ErrorFacts } from '../errors.js';
import { ForeshiftError } from '../errors.js';
import { messageOf } from '../text.js';

/** Why a thread did not do what it was asked. A coded error does not survive the way between threads: its parts do. */
export interface ThreadFailure {
  /** Undefined: it has none, or the thread ended before it could say. */
  readonly code: string | undefined;
  readonly facts: ErrorFacts;
  readonly why: string;
}

export function failureOf(error: unknown): ThreadFailure {
  const why = messageOf(error);
  if (!(error instanceof ForeshiftError)) return { code: undefined, facts: {}, why };
  return { code: error.code, facts: error.facts, why };
}
