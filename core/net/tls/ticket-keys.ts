import { hkdfSync } from 'node:crypto';

export const TICKET_KEYS_LIFE_MS = 86_400_000;
const TICKET_KEYS_BYTES = 48;

/**
 * The keys of TLS tickets for the day of that moment, the same wherever the secret is: a client that comes to another redirector
 * goes on with its session there. A ticket of the day before costs a whole handshake, once.
 */
export function ticketKeys(secret: string, realtimeMs: number): Uint8Array {
  const day = Math.floor(realtimeMs / TICKET_KEYS_LIFE_MS);
  return new Uint8Array(
    hkdfSync('sha256', secret, `${day}`, 'foreshift tls tickets', TICKET_KEYS_BYTES),
  );
}
