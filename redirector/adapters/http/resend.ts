/** Change nothing (RFC 9110 §9.2.1): may be sent twice, whatever becomes of the first copy. */
const SAFE = new Set(['GET', 'HEAD', 'OPTIONS']);
/**
 * Idempotent (§9.2.2), and yet a copy that arrives late would undo what came after it. So these are sent again
 * only to another owner, if the former one has a fence that keeps the late copy out.
 */
const REPEATABLE = new Set(['PUT', 'DELETE']);
/** A request whose answer was lost is sent again so often. */
export const RESENDS_MAX = 1;

/** Where a request whose answer was lost may be sent again. */
export type Resend = 'anywhere' | 'to-another-owner' | 'nowhere';

/** `canMove`: the server that lost it has a fence, and is the only one of the resource, which may get another. */
export function resendOf(method: string, canMove: boolean): Resend {
  if (SAFE.has(method)) return 'anywhere';
  return REPEATABLE.has(method) && canMove ? 'to-another-owner' : 'nowhere';
}
