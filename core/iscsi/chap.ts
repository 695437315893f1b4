import { createHash, timingSafeEqual } from 'node:crypto';
import type { Keys } from './text.js';
import { bytesIn, hexOf, numberIn } from './text.js';

/* CHAP with MD5 (RFC 1994), the one algorithm that all initiators have. */

export const CHAP_MD5 = '5';
const CHALLENGE_BYTES = 16;
/** Of what a peer may challenge with. */
const CHALLENGE_BYTES_MAX = 1024;
const RESPONSE_BYTES_MAX = 64;

export interface Challenge {
  readonly id: number;
  readonly challenge: Uint8Array;
}

/** What whoever was challenged says. */
export interface ChapAnswer {
  readonly user: string;
  readonly response: Buffer;
}

/** Who is believed on what secret. */
export interface ChapSecret {
  readonly user: string;
  readonly secret: string;
}

/** @param randomBytes that nobody can guess */
export function newChallenge(randomBytes: (length: number) => Uint8Array): Challenge {
  const [id = 0, ...challenge] = randomBytes(1 + CHALLENGE_BYTES);
  return { id, challenge: Uint8Array.from(challenge) };
}

/** As it stands in a text. */
export function challengeKeys({ id, challenge }: Challenge): [name: string, value: string][] {
  return [
    ['CHAP_I', String(id)],
    ['CHAP_C', hexOf(challenge)],
  ];
}

/** Undefined: there is none in the text, or none that we take. */
export function challengeIn(keys: Keys): Challenge | undefined {
  const id = numberIn(keys.get('CHAP_I'), 0, 255);
  const challenge = bytesIn(keys.get('CHAP_C'), CHALLENGE_BYTES_MAX);
  return id === undefined || challenge === undefined ? undefined : { id, challenge };
}

/** Who we are, as it stands in a text. */
export function answerKeys(
  { user, secret }: ChapSecret,
  { id, challenge }: Challenge,
): [name: string, value: string][] {
  return [
    ['CHAP_N', user],
    ['CHAP_R', hexOf(chapResponse(id, secret, challenge))],
  ];
}

/** A wrong one, if there is none in the text. */
export function answerIn(keys: Keys): ChapAnswer {
  return {
    user: keys.get('CHAP_N') ?? '',
    response: bytesIn(keys.get('CHAP_R'), RESPONSE_BYTES_MAX) ?? Buffer.alloc(0),
  };
}

export function chapResponse(id: number, secret: string, challenge: Uint8Array): Buffer {
  return createHash('md5').update(Uint8Array.of(id)).update(secret).update(challenge).digest();
}

/** Takes as long for a wrong name or response as for the right one. */
export function isChapRight(
  { user, secret }: ChapSecret,
  asked: Challenge,
  said: ChapAnswer,
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
