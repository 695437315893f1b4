import type { Latin1 } from './bytes.js';
import { latin1Bytes } from './bytes.js';

/*
 * Header names that come again and again, as one string each: found by a hash, so that no new string is made and later comparisons are of pointers. What is not known is cut out of the text as ever.
 */

const SLOTS = 1024;
const KNOWN: readonly string[] = tableOf(
  (
    'accept accept-charset accept-encoding accept-language accept-ranges access-control-allow-credentials ' +
    'access-control-allow-headers access-control-allow-methods access-control-allow-origin ' +
    'access-control-expose-headers access-control-max-age access-control-request-headers ' +
    'access-control-request-method age allow alt-svc authorization cache-control connection content-disposition ' +
    'content-encoding content-language content-length content-location content-range content-security-policy ' +
    'content-type cookie date dnt etag expect expires foreshift-resource foreshift-since forwarded from host if-match ' +
    'if-modified-since if-none-match if-range if-unmodified-since keep-alive last-modified link location origin ' +
    'permissions-policy pragma priority proxy-authorization proxy-connection range referer referrer-policy retry-after ' +
    'sec-ch-ua sec-ch-ua-mobile sec-ch-ua-platform sec-fetch-dest sec-fetch-mode sec-fetch-site sec-fetch-user ' +
    'sec-gpc sec-websocket-accept sec-websocket-extensions sec-websocket-key sec-websocket-protocol ' +
    'sec-websocket-version server server-timing set-cookie strict-transport-security te traceparent tracestate trailer ' +
    'transfer-encoding upgrade upgrade-insecure-requests user-agent vary via www-authenticate x-amz-content-sha256 ' +
    'x-amz-date x-content-type-options x-forwarded-for x-forwarded-host x-forwarded-port x-forwarded-proto ' +
    'x-frame-options x-powered-by x-real-ip x-request-id x-requested-with x-xss-protection'
  ).split(' '),
);

const NAME_BYTES_MAX = Math.max(...KNOWN.map(({ length }) => length));
/** Their bytes once more, a slot's from `slot * NAME_BYTES_MAX` on: half of what a head cost was to ask strings for their characters. */
const KNOWN_BYTES = new Uint8Array(SLOTS * NAME_BYTES_MAX);
for (const [slot, name] of KNOWN.entries()) {
  KNOWN_BYTES.set(latin1Bytes(name), slot * NAME_BYTES_MAX);
}

/** The token between the two places, in lower case. */
export function nameAt({ bytes, text }: Latin1, start: number, end: number): string {
  const slot = slotOf(bytes, start, end);
  const known = KNOWN[slot]!;
  return known.length === end - start && isKnown(slot, bytes, start, end)
    ? known
    : text.slice(start, end).toLowerCase();
}

/** Four characters and the length tell nearly all of them apart; bit 5 is the case of a letter. */
function slotOf(bytes: Uint8Array, start: number, end: number): number {
  const length = end - start;
  const first = (bytes[start] ?? 0) | 32;
  const last = (bytes[end - 1] ?? 0) | 32;
  const middle = (bytes[start + (length >> 1)] ?? 0) | 32;
  const late = (bytes[end - 1 - (length >> 2)] ?? 0) | 32;
  return (length * 23 + first * 31 + middle * 23 + late * 59 + last * 67) & (SLOTS - 1);
}

/** Of token characters none but a letter's other case becomes a letter, a digit or a hyphen by bit 5. */
function isKnown(slot: number, bytes: Uint8Array, start: number, end: number): boolean {
  let known = slot * NAME_BYTES_MAX;
  for (let at = start; at < end; at++) {
    if ((bytes[at]! | 32) !== KNOWN_BYTES[known++]) return false;
  }
  return true;
}

/** Where two names meet in a slot the later one is left out: it is only slower. */
function tableOf(names: readonly string[]): string[] {
  const table = Array.from({ length: SLOTS }, () => '');
  for (const name of names) {
    const slot = slotOf(latin1Bytes(name), 0, name.length);
    if (table[slot] === '') table[slot] = name;
  }
  return table;
}
