import type { ErrorCode } from '../errors.js';
import { ForeshiftError } from '../errors.js';
import { clip } from '../text.js';

/** How far a call without an answer came. The truth of the codes hangs on `sent`: a byte of it may have left this machine. */
export type CallProgress = 'unsent' | 'refused' | 'sent';

const CODES = {
  unsent: 'ERR_CALL_FAILED',
  refused: 'ERR_CALL_REFUSED',
  sent: 'ERR_CALL_AMBIGUOUS',
} as const satisfies Record<CallProgress, ErrorCode>;

export function callFailure(url: string, progress: CallProgress, why: string): ForeshiftError {
  return new ForeshiftError(CODES[progress], { url: clip(url), why });
}

export function oversizedAnswer(url: string, bytesMax: number): ForeshiftError {
  return new ForeshiftError('ERR_CALL_OVERSIZED', { url: clip(url), bytes: bytesMax });
}
