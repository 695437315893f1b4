import { strict as assert } from 'node:assert';
import { RESOURCE_HEADER, SINCE_HEADER } from '../../../core/agent-protocol.js';
import { latin1Bytes } from '../../../core/net/http/bytes.js';
import type { ForwardedMode } from '../../../core/net/http/forwarding.js';
import { forwardedRequestLines } from '../../../core/net/http/forwarding.js';
import type { OutgoingConnection } from '../../../core/net/http/head-text.js';
import { interimHeadText, requestHeadTextOf } from '../../../core/net/http/head-text.js';
import { NO_HEADERS, isHeaderValue } from '../../../core/net/http/header-list.js';
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
  /** What the server's agent compares; undefined: it compares nothing. */
  readonly fence: Fence | undefined;
  /** The request's name, and the header that says it; undefined: it has none. */
  readonly named: NameField | undefined;
}

export interface Fence {
  readonly resource: string;
  readonly since: string;
}

export interface NameField {
  /** Lower-case. */
  readonly header: string;
  readonly id: string;
}

export function requestHeadBytes(head: RequestHead, relay: RequestRelay): Uint8Array {
  const { fence, named } = relay;
  const passed = forwardedRequestLines(head, relay, relay, named?.header);
  const text = requestHeadTextOf(
    {
      method: head.method,
      path: head.path,
      query: head.query,
      host: head.authority,
      framing: head.framing,
      connection: connectionTo(head),
    },
    `${passed}${fenceLines(fence)}${nameLine(named)}`,
  );
  return latin1Bytes(text);
}

/** The redirector's own word: the body may come. */
export function continueBytes(): Uint8Array {
  return latin1Bytes(interimHeadText(100, 'Continue', NO_HEADERS));
}

/** A client's own copies were not passed on. */
function fenceLines(fence: Fence | undefined): string {
  if (fence === undefined) return '';
  return `${RESOURCE_HEADER}: ${fence.resource}\r\n${SINCE_HEADER}: ${fence.since}\r\n`;
}

function nameLine(named: NameField | undefined): string {
  if (named === undefined) return '';
  assert(isHeaderValue(named.id), 'the name of a request is one line');
  return `${named.header}: ${named.id}\r\n`;
}

function connectionTo(head: RequestHead): OutgoingConnection {
  if (head.isWebSocket) return 'websocket';
  return head.hasUnusualBody ? 'close' : 'persistent';
}
