import { latin1Bytes } from './bytes.js';
import { forwardedResponseHeaders } from './forwarding.js';
import type { Framing } from './framing.js';
import type { OutgoingConnection } from './head-text.js';
import { interimHeadText, responseHeadText } from './head-text.js';
import type { ResponseHead } from './response-head.js';

/* Heads of answers as whoever stands between passes them on. */

export function answerHeadBytes(
  head: ResponseHead,
  framing: Framing,
  connection: OutgoingConnection,
): Uint8Array {
  const text = responseHeadText({
    status: head.status,
    reason: head.reason,
    headers: forwardedResponseHeaders(head),
    framing,
    unsentLength: head.unsentLength,
    connection,
  });
  return latin1Bytes(text);
}

export function interimHeadBytes(head: ResponseHead): Uint8Array {
  return latin1Bytes(interimHeadText(head.status, head.reason, forwardedResponseHeaders(head)));
}
