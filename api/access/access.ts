import type { Clock } from '../../core/clock/port.js';
import { fail } from '../../core/errors.js';
import type { Grant, Role } from './token.js';
import { apiToken, readApiToken } from './token.js';

/** Who asks. */
export interface Identity {
  readonly name: string;
  readonly role: Role;
  /** False: anybody on this machine; who acts is then what the request says. */
  readonly isProven: boolean;
}

export interface AccessParts {
  readonly clock: Clock;
  /** Tokens are made from it. */
  readonly secret: string;
}

export interface AccessOptions {
  /** `none`: whoever reaches the listener is an operator, so it listens on loopback only. */
  readonly login: 'none' | 'token';
  /** Names whose tokens are no longer taken. */
  readonly revoked: readonly string[];
}

/** What a request shows of who sends it. */
export interface Shown {
  readonly authorization: string | undefined;
  readonly cookie: string | undefined;
}

/** Whoever is on this machine, where there is no login. */
const ANYBODY: Identity = { name: 'local', role: 'operator', isProven: false };

const SESSION_COOKIE = 'foreshift_session';
/** A browser is asked for its token again after this. */
export const SESSION_LIFE_MS = 12 * 3_600_000;

/** Who may use the API: by a token in each request, or by a browser's session that a token began. */
export class Access {
  readonly #parts: AccessParts;
  #options: AccessOptions;

  constructor(parts: AccessParts, options: AccessOptions) {
    this.#parts = parts;
    this.#options = options;
  }

  get hasLogin(): boolean {
    return this.#options.login !== 'none';
  }

  reconfigure(options: AccessOptions): void {
    this.#options = options;
  }

  /** @throws ERR_LOGIN_NEEDED, ERR_TOKEN_REFUSED */
  identify({ authorization, cookie }: Shown): Identity {
    if (!this.hasLogin) return ANYBODY;
    const token = bearerIn(authorization) ?? sessionIn(cookie);
    if (token === undefined) return fail('ERR_LOGIN_NEEDED', {});
    const { name, role } = this.grantOf(token);
    return { name, role, isProven: true };
  }

  /** @throws ERR_TOKEN_REFUSED */
  grantOf(token: string): Grant {
    const { clock, secret } = this.#parts;
    const grant = readApiToken(secret, token, clock.realtimeMs());
    if (typeof grant === 'string') return fail('ERR_TOKEN_REFUSED', { why: grant });
    if (this.#options.revoked.includes(grant.name)) fail('ERR_TOKEN_REFUSED', { why: 'revoked' });
    return grant;
  }

  /** The header that begins a session of this grant: no script reads it, no other site sends it. */
  sessionCookie(grant: Grant, isSecure: boolean): string {
    const { clock, secret } = this.#parts;
    const nowMs = clock.realtimeMs();
    const untilMs = Math.min(grant.untilMs, nowMs + SESSION_LIFE_MS);
    const token = apiToken(secret, { ...grant, untilMs });
    return cookieOf(token, Math.floor((untilMs - nowMs) / 1000), isSecure);
  }

  /** The header that ends it. */
  endCookie(isSecure: boolean): string {
    return cookieOf('', 0, isSecure);
  }
}

/** @throws ERR_ROLE_NEEDED */
export function assertRole({ role, name }: Identity, needed: Role): void {
  if (needed === 'operator' && role !== 'operator') fail('ERR_ROLE_NEEDED', { name, needed });
}

function cookieOf(value: string, maxAgeS: number, isSecure: boolean): string {
  const secure = isSecure ? '; Secure' : '';
  return `${SESSION_COOKIE}=${value}; Path=/; Max-Age=${maxAgeS}; HttpOnly; SameSite=Strict${secure}`;
}

function bearerIn(authorization: string | undefined): string | undefined {
  return /^Bearer +(\S+)$/i.exec(authorization ?? '')?.[1];
}

function sessionIn(cookie: string | undefined): string | undefined {
  for (const pair of (cookie ?? '').split(';')) {
    const [name = '', value = ''] = pair.trim().split('=', 2);
    if (name === SESSION_COOKIE && value !== '') return value;
  }
  return undefined;
}
