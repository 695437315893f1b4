import { latin1Bytes } from '../../../core/net/http/bytes.js';
import type { ForwardedMode } from '../../../core/net/http/forwarding.js';
import { forwardedRequestHeaders } from '../../../core/net/http/forwarding.js';
import type { OutgoingConnection } from '../../../core/net/http/head-text.js';
import { interimHeadText, requestHeadText } from '../../../core/net/http/head-text.js';
import { NO_HEADERS, headerList, withHeaders } from '../../../core/net/http/header-list.js';
import type { RequestHead } from '../../../core/net/http/request-head.js';

/* What the redirector says to a server for a client, and to the client before the server does. */

export interface RequestRelay {
  /** Of the client, for `X-Forwarded-For`. */
  readonly host: string;
  /** Of the client's connection. */
  readonly scheme: 'http' | 'https';
  readonly mode: ForwardedMode;
  /** Also as `Forwarded`. */
  readonly standard: boolean;
  /** Our own words besides: what the server's agent compares, the request's name; undefined: there are none. */
  readonly added: Readonly<Record<string, string>> | undefined;
}

export function requestHeadBytes(
  head: RequestHead,
  { host, scheme, mode, standard, added }: RequestRelay,
): Uint8Array {
  const client = { host, scheme };
  const passed = forwardedRequestHeaders(head, client, { mode, standard });
  const text = requestHeadText({
    method: head.method,
    path: head.path,
    query: head.query,
    host: head.authority,
    headers: added === undefined ? passed : withHeaders(passed, headerList(added)),
    framing: head.framing,
    connection: connectionTo(head),
  });
  return latin1Bytes(text);
}

/** The redirector's own word: the body may come. */
export function continueBytes(): Uint8Array {
  return latin1Bytes(interimHeadText(100, 'Continue', NO_HEADERS));
}

function connectionTo(head: RequestHead): OutgoingConnection {
  if (head.isWebSocket) return 'websocket';
  return head.hasUnusualBody ? 'close' : 'persistent';
}
