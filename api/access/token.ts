import { createHmac, timingSafeEqual } from 'node:crypto';

/** Who may do what: a viewer sees, an operator changes too. */
export const ACCESS_ROLES = ['viewer', 'operator'] as const;
export type Role = (typeof ACCESS_ROLES)[number];

/** Somebody who may use the API, as a token says it. */
export interface Grant {
  /** As the audit has it, and as it is revoked. */
  readonly name: string;
  readonly role: Role;
  /** Wall clock, in ms. */
  readonly untilMs: number;
}

/** Why a token is not taken. */
export type TokenFault = 'malformed' | 'forged' | 'expired';

/** Of names: no separator of a token is among them. */
export const GRANT_NAME = /^[A-Za-z0-9_-]{1,64}$/;

const FORM = /^fs1\.(viewer|operator)\.([A-Za-z0-9_-]{1,64})\.([0-9]{1,12})\.([A-Za-z0-9_-]{43})$/;

/**
 * A token for the API: `fs1.role.name.seconds.mac`, the mac an HMAC-SHA-256 of what stands before it, keyed by the cluster's
 * secret. Nothing of it rests anywhere: any api that knows the secret can tell whether it is good.
 */
export function apiToken(secret: string, { name, role, untilMs }: Grant): string {
  const said = `fs1.${role}.${name}.${Math.floor(untilMs / 1000)}`;
  return `${said}.${macOf(secret, said).toString('base64url')}`;
}

/** What a token grants now, or why it is not taken. Takes the same time wherever a mac differs. */
export function readApiToken(secret: string, text: string, nowMs: number): Grant | TokenFault {
  const parts = FORM.exec(text);
  if (parts === null) return 'malformed';
  const [, role = '', name = '', seconds = '', mac = ''] = parts;
  const said = text.slice(0, text.lastIndexOf('.'));
  const given = Buffer.from(mac, 'base64url');
  const expected = macOf(secret, said);
  // Of another length: the last character has bits that say nothing, and may be written in several ways.
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return 'forged';
  const untilMs = 1000 * Number(seconds);
  if (nowMs >= untilMs) return 'expired';
  return { name, role: role as Role, untilMs };
}

function macOf(secret: string, said: string): Buffer {
  return createHmac('sha256', secret).update(`api/${said}`).digest();
}
