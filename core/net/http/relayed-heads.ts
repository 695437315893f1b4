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
    // A 101 has no length, whatever it says (RFC 9110 §8.6).
    unsentLength: connection === 'websocket' ? undefined : head.unsentLength,
    connection,
  });
  return latin1Bytes(text);
}

export function interimHeadBytes({ status, reason, headers }: ResponseHead): Uint8Array {
  return latin1Bytes(interimHeadText(status, reason, headers));
}
