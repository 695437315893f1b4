import { plainName } from './field-scan.js';

/*
 * Header names with a meaning that a proxy gives them, by how the most careless reader spells them: `X_Forwarded.For` is
 * one too.
 */

/**
 * Names that only a proxy of ours may set: a client's copies are dropped. Everything that begins with `foreshift-` or
 * `x-forwarded-`, `forwarded` and `x-real-ip`.
 */
export function isOwnName(name: string): boolean {
  const first = name.charCodeAt(0);
  // `f` or `x`: all others are out at once.
  if (first !== 0x66 && first !== 0x78) return false;
  const plain = plainName(name);
  return (
    plain.startsWith('x-forwarded-') ||
    plain.startsWith('foreshift-') ||
    plain === 'forwarded' ||
    plain === 'x-real-ip'
  );
}

/**
 * About one connection, not the message (RFC 9110 §7.6.1), or about its framing and its host, which are written anew on each
 * connection.
 */
const CONNECTION_NAMES = new Set([
  'connection',
  'content-length',
  'expect',
  'host',
  'http2-settings',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authentication-info',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);
/** By length, since most names are none of them and need no look-up then. */
const CONNECTION_NAME_LENGTHS = new Uint8Array(64);
for (const { length } of CONNECTION_NAMES) CONNECTION_NAME_LENGTHS[length] = 1;

export function isConnectionName(name: string): boolean {
  return CONNECTION_NAME_LENGTHS[name.length] === 1 && CONNECTION_NAMES.has(name);
}

/** Must be known before the body or mean nothing after it (RFC 9110 §6.5.1). */
const HEAD_NAMES = new Set([
  'age',
  'authorization',
  'cache-control',
  'content-encoding',
  'content-range',
  'content-type',
  'cookie',
  'date',
  'expires',
  'if-match',
  'if-modified-since',
  'if-none-match',
  'if-range',
  'if-unmodified-since',
  'location',
  'max-forwards',
  'pragma',
  'range',
  'retry-after',
  'set-cookie',
  'vary',
  'www-authenticate',
]);

export function isTrailerName(name: string): boolean {
  return !isConnectionName(name) && !HEAD_NAMES.has(plainName(name)) && !isOwnName(name);
}
