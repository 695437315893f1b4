import { EXECUTED_HEADER } from '../../../core/agent-protocol.js';
import { errorAnswerBytes } from '../../../core/net/http/error-answer.js';
import type { OutgoingConnection } from '../../../core/net/http/head-text.js';
import type { RequestHead } from '../../../core/net/http/request-head.js';
import type { HttpOptions } from './options.js';
import type { Refusal } from './refusals.js';
import { idFields } from './request-ids.js';

/** The request that is answered, as far as it is known. */
export interface Refused {
  readonly head: RequestHead | undefined;
  readonly id: string | undefined;
  /** The client's connection takes another one. */
  readonly mayStay: boolean;
}

/** The answer that the redirector gives itself, in place of a server's. */
export function ownAnswerBytes(
  { status, code, detail, executed, retryAfterMs }: Refusal,
  { head, id, mayStay }: Refused,
  options: HttpOptions,
): Uint8Array {
  return errorAnswerBytes({
    status,
    code,
    detail,
    connection: connectionAfter(head, mayStay),
    ...(retryAfterMs !== undefined && { retryAfterMs }),
    page: options.errorPages.of(status),
    isBodyless: head?.method === 'HEAD',
    headers: { [EXECUTED_HEADER]: executed, ...idFields(id, options) },
  });
}

/** What becomes of the client's connection after the answer. */
export function connectionAfter(
  head: RequestHead | undefined,
  mayStay: boolean,
): OutgoingConnection {
  if (!mayStay) return 'close';
  return head?.minorVersion === 0 ? 'keep-alive' : 'persistent';
}
