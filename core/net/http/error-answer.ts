import { latin1Bytes } from './bytes.js';
import { ofLength } from './framing.js';
import type { OutgoingConnection } from './head-text.js';
import { responseHeadText } from './head-text.js';
import { headerList } from './header-list.js';
import { reasonOf } from './reason.js';

/** A body that says it in an operator's own words. */
export interface ErrorPage {
  readonly contentType: string;
  readonly body: Uint8Array;
}

/** An answer of our own making, mostly bad news. */
export interface ErrorAnswer {
  readonly status: number;
  /** A stable word for programs: an error code, the name of a fault. */
  readonly code: string;
  /** For people; never what a client sent. */
  readonly detail: string;
  readonly connection: OutgoingConnection;
  /** `Retry-After`, in whole seconds, rounded up. */
  readonly retryAfterMs?: number;
  readonly format?: 'text' | 'problem';
  /** In place of `detail`, whatever the format; the headers stay. */
  readonly page?: ErrorPage | undefined;
  /** The request was HEAD: the same head, no body. */
  readonly isBodyless?: boolean;
  readonly headers?: Readonly<Record<string, string>>;
}

/** The whole answer in one piece. */
export function errorAnswerBytes(answer: ErrorAnswer): Uint8Array {
  const { status, connection } = answer;
  const { contentType, body } = answer.page ?? ownPage(answer);
  const head = responseHeadText({
    status,
    reason: reasonOf(status),
    headers: headerList({
      'content-type': contentType,
      'cache-control': 'no-store',
      ...(answer.retryAfterMs !== undefined && {
        'retry-after': String(Math.ceil(answer.retryAfterMs / 1000)),
      }),
      ...answer.headers,
    }),
    framing: ofLength(body.length),
    connection,
  });
  return answer.isBodyless === true ? latin1Bytes(head) : Buffer.concat([latin1Bytes(head), body]);
}

function ownPage(answer: ErrorAnswer): ErrorPage {
  return answer.format === 'problem'
    ? { contentType: 'application/problem+json', body: Buffer.from(problemOf(answer)) }
    : { contentType: 'text/plain; charset=utf-8', body: Buffer.from(`${answer.detail}\n`) };
}

/** RFC 9457. */
function problemOf({ status, code, detail }: ErrorAnswer): string {
  return `${JSON.stringify({ type: 'about:blank', title: reasonOf(status), status, detail, code })}\n`;
}
