import { EXECUTED_HEADER } from '../../../core/agent-protocol.js';
import type { BodyTaker } from '../../../core/net/http/body-writer.js';
import { errorAnswerBytes } from '../../../core/net/http/error-answer.js';
import type { OutgoingConnection } from '../../../core/net/http/head-text.js';
import type { RequestHead } from '../../../core/net/http/request-head.js';
import type { HttpContext } from './context.js';
import type { Refusal } from './refusals.js';
import { idFields } from './request-ids.js';

/** Whom an answer goes to. */
export interface AnswerTaker extends BodyTaker {
  /** No more requests after this one. */
  readonly isLast: boolean;
}

/** The request that is answered, as far as it is known. */
export interface Refused {
  readonly head?: RequestHead | undefined;
  readonly id?: string | undefined;
  /** All of it has come. */
  readonly isRead: boolean;
}

/** The redirector answers itself, in place of a server. True: the client's connection takes another request. */
export function answerInPlace(
  { status, code, detail, executed, retryAfterMs }: Refusal,
  { head, id, isRead }: Refused,
  client: AnswerTaker,
  { counters, options }: Pick<HttpContext, 'counters' | 'options'>,
): boolean {
  const mayStay = head?.keepAlive === true && isRead && !client.isLast;
  counters.answered(status);
  const bytes = errorAnswerBytes({
    status,
    code,
    detail,
    connection: connectionAfter(head, mayStay),
    ...(retryAfterMs !== undefined && { retryAfterMs }),
    page: options.errorPages.of(status),
    isBodyless: head?.method === 'HEAD',
    headers: { [EXECUTED_HEADER]: executed, ...idFields(id, options) },
  });
  client.write(bytes);
  return mayStay;
}

/** What becomes of the client's connection after the answer. */
export function connectionAfter(
  head: RequestHead | undefined,
  mayStay: boolean,
): OutgoingConnection {
  if (!mayStay) return 'close';
  return head?.minorVersion === 0 ? 'keep-alive' : 'persistent';
}
