import type { FieldScan } from './field-scan.js';
import type { HttpFault } from './fault.js';
import { FAULTS } from './fault.js';

/** How the end of a message's body is known; `until-close` in responses only. */
export type Framing =
  | { readonly kind: 'none' }
  | { readonly kind: 'length'; readonly length: number }
  | { readonly kind: 'chunked' }
  | { readonly kind: 'until-close' };

export const NO_BODY: Framing = { kind: 'none' };
export const CHUNKED: Framing = { kind: 'chunked' };
export const UNTIL_CLOSE: Framing = { kind: 'until-close' };

export function ofLength(length: number): Framing {
  return { kind: 'length', length };
}

/** The minor version of HTTP/1. */
export type MinorVersion = 0 | 1;

/** What Content-Length and Transfer-Encoding say together; undefined if neither is there. */
export function declaredFraming(
  scan: FieldScan,
  minorVersion: MinorVersion,
): Framing | HttpFault | undefined {
  if (scan.codings > 0) {
    if (scan.codings > 1) return FAULTS.codingRepeated;
    if (scan.lengths > 0) return FAULTS.lengthWithCoding;
    if (minorVersion === 0) return FAULTS.codingTooOld;
    return scan.coding.toLowerCase() === 'chunked' ? CHUNKED : FAULTS.codingRefused;
  }
  if (scan.lengths === 0) return undefined;
  if (scan.lengths > 1) return FAULTS.lengthRepeated;
  const length = contentLength(scan.length);
  return length === undefined ? FAULTS.lengthInvalid : ofLength(length);
}

/** Digits only, and a number that is exact. */
function contentLength(text: string): number | undefined {
  if (text.length === 0 || text.length > 16) return undefined;
  let length = 0;
  for (let at = 0; at < text.length; at++) {
    const digit = text.charCodeAt(at) - 48;
    if (digit < 0 || digit > 9) return undefined;
    length = length * 10 + digit;
  }
  return length <= Number.MAX_SAFE_INTEGER ? length : undefined;
}

/** How a body that came with `framing` goes on to a peer: HTTP/1.0 knows no chunks, HTTP/1.1 need not lose its connection. */
export function relayedFraming(framing: Framing, minorVersion: MinorVersion): Framing {
  if (minorVersion === 0) return framing.kind === 'chunked' ? UNTIL_CLOSE : framing;
  return framing.kind === 'until-close' ? CHUNKED : framing;
}
