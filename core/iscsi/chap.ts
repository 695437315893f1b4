import { createHash, timingSafeEqual } from 'node:crypto';

/* CHAP with MD5 (RFC 1994), the one algorithm that all initiators have. */

export const CHAP_MD5 = '5';
export const CHALLENGE_BYTES = 16;
/** Of what a peer may challenge with. */
export const CHALLENGE_BYTES_MAX = 1024;

/** Who is believed on what secret. */
export interface ChapSecret {
  readonly user: string;
  readonly secret: string;
}

export function chapResponse(id: number, secret: string, challenge: Uint8Array): Buffer {
  return createHash('md5').update(Uint8Array.of(id)).update(secret).update(challenge).digest();
}

/** Takes as long for a wrong name or response as for the right one. */
export function isChapRight(
  { user, secret }: ChapSecret,
  asked: { readonly id: number; readonly challenge: Uint8Array },
  said: { readonly user: string; readonly response: Uint8Array },
): boolean {
  const wanted = chapResponse(asked.id, secret, asked.challenge);
  const response = said.response.length === wanted.length ? said.response : wanted.map(flipped);
  const isResponse = timingSafeEqual(wanted, response);
  const isUser = timingSafeEqual(digestOf(user), digestOf(said.user));
  return isResponse && isUser;
}

function digestOf(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

function flipped(byte: number): number {
  return byte ^ 0xff;
}
