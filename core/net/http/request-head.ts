import type { Latin1 } from './bytes.js';
import { CR, LF, METHOD, SPACE, TOKEN } from './characters.js';
import { connectionOptions } from './connection-options.js';
import { HttpFault, FAULTS } from './fault.js';
import { FieldScan, byteFault } from './field-scan.js';
import type { Framing, MinorVersion } from './framing.js';
import { NO_BODY, declaredFraming } from './framing.js';
import type { HeadParser } from './head-reader.js';
import type { HeaderList } from './header-list.js';
import { parsedHeaders } from './header-list.js';
import type { Authority } from './host.js';
import { parseAuthority } from './host.js';
import type { HeadLimits } from './limits.js';
import type { PlainEnds, Target } from './target.js';
import { findPlainEnds, parseTarget } from './target.js';

/** A request's head, checked: what it asks for, and how its body and its connection end. */
export interface RequestHead {
  readonly method: string;
  /** Canonical (`path.ts`): the same for routing and for the server. `*` with OPTIONS only. */
  readonly path: string;
  /** Empty, or with its question mark; as it came. */
  readonly query: string;
  readonly minorVersion: MinorVersion;
  /** Host and port asked for, as they came; empty if an HTTP/1.0 client names none. */
  readonly authority: string;
  /** The host in it, for routing: lower-case, no final dot. */
  readonly host: string;
  /** All fields, those about the connection too. */
  readonly headers: HeaderList;
  /** Header names that `Connection` keeps from being passed on. */
  readonly connectionNamed: readonly string[];
  readonly framing: Framing;
  /** A body where servers expect none: pass it on only over a connection that is not used again. */
  readonly hasUnusualBody: boolean;
  readonly keepAlive: boolean;
  readonly expectsContinue: boolean;
  /** Asks to change to the WebSocket protocol; other upgrades are ignored, as is allowed. */
  readonly isWebSocket: boolean;
}

const METHOD_BYTES_MAX = 32;
/** The method, the target, two spaces, the version and the line's end. */
const START_LINE_BYTES_OVER = METHOD_BYTES_MAX + 12;
/** Would turn the connection into something else, or echo what it was sent. */
const REFUSED_METHODS = new Set(['CONNECT', 'TRACE']);
/** Their bodies have no defined meaning (RFC 9110 §9.3). */
const BODYLESS_METHODS = new Set(['GET', 'HEAD', 'DELETE']);

const NO_AUTHORITY: Authority = { text: '', host: '', port: undefined };

export class RequestHeadParser implements HeadParser<RequestHead> {
  readonly startLineBytesMax: number;
  /** RFC 9112 §2.2 */
  readonly skipsEmptyLine = true;
  fault: HttpFault | undefined;
  readonly #scan: FieldScan;
  readonly #targetBytesMax: number;
  #method = '';
  #target: Target = { path: '/', query: '' };
  #minorVersion: MinorVersion = 1;
  readonly #plain: PlainEnds = { pathEnd: -1, end: -1 };
  #lastAuthority = NO_AUTHORITY;

  constructor(limits: HeadLimits) {
    this.#scan = new FieldScan(limits.headersMax, limits.allowsEightBit);
    this.#targetBytesMax = limits.targetBytesMax;
    this.startLineBytesMax = limits.targetBytesMax + START_LINE_BYTES_OVER;
  }

  startLine(source: Latin1, at: number): number {
    this.#scan.begin();
    const methodEnd = this.#readMethod(source, at);
    if (methodEnd === -1) return -1;
    const targetEnd = this.#readTarget(source, methodEnd + 1);
    return targetEnd === -1 ? -1 : this.#readVersion(source, targetEnd + 1);
  }

  field(source: Latin1, at: number): number {
    const next = this.#scan.line(source, at);
    if (next === -1) this.fault = this.#scan.fault;
    return next;
  }

  finish(): RequestHead | HttpFault {
    const scan = this.#scan;
    const authority = this.#authority();
    if (authority instanceof HttpFault) return authority;
    const framing = declaredFraming(scan, this.#minorVersion) ?? NO_BODY;
    if (framing instanceof HttpFault) return framing;
    const connection = connectionOptions(scan.connection);
    if (connection instanceof HttpFault) return connection;
    const isModern = this.#minorVersion === 1;
    if (scan.expectation !== '' && isModern && scan.expectation.toLowerCase() !== '100-continue') {
      return FAULTS.expectationRefused;
    }
    const hasBody = framing.kind === 'chunked' || (framing.kind === 'length' && framing.length > 0);
    return {
      method: this.#method,
      path: this.#target.path,
      query: this.#target.query,
      minorVersion: this.#minorVersion,
      authority: authority.text,
      host: authority.host,
      headers: parsedHeaders(scan.fields),
      connectionNamed: connection.named,
      framing,
      hasUnusualBody: hasBody && BODYLESS_METHODS.has(this.#method),
      keepAlive: !connection.close && (isModern || connection.keepAlive),
      expectsContinue: scan.expectation !== '' && isModern && hasBody,
      isWebSocket:
        connection.upgrade &&
        isModern &&
        !hasBody &&
        this.#method === 'GET' &&
        scan.upgrade.toLowerCase() === 'websocket',
    };
  }

  #readMethod({ bytes, text }: Latin1, at: number): number {
    let end = at;
    let code = bytes[end] ?? 0;
    while (METHOD[code] === 1 && end - at <= METHOD_BYTES_MAX) code = bytes[++end] ?? 0;
    if (end - at > METHOD_BYTES_MAX) return this.#refuse(FAULTS.methodRefused);
    if (code !== SPACE || end === at) return this.#refuse(methodFault(bytes, at, end));
    this.#method = methodAt(bytes, text, at, end);
    if (REFUSED_METHODS.has(this.#method)) return this.#refuse(FAULTS.methodRefused);
    return end;
  }

  #readTarget({ bytes, text }: Latin1, at: number): number {
    const endMax = at + this.#targetBytesMax;
    const plain = this.#plain;
    findPlainEnds(bytes, at, plain);
    if (plain.pathEnd !== -1 && plain.end <= endMax) {
      const { pathEnd } = plain;
      this.#target = { path: text.slice(at, pathEnd), query: text.slice(pathEnd, plain.end) };
      return plain.end;
    }
    let end = at;
    let code = bytes[end] ?? 0;
    while (code > SPACE && code < 0x7f && end <= endMax) code = bytes[++end] ?? 0;
    if (end > endMax) return this.#refuse(FAULTS.targetTooLong);
    if (code !== SPACE) return this.#refuse(targetFault(bytes, end));
    const target = parseTarget(this.#method, text.slice(at, end));
    if (target instanceof HttpFault) return this.#refuse(target);
    this.#target = target;
    return end;
  }

  #readVersion({ bytes, text }: Latin1, at: number): number {
    const minorVersion = minorVersionAt(text, at);
    if (minorVersion instanceof HttpFault) return this.#refuse(minorVersion);
    this.#minorVersion = minorVersion;
    const end = at + 8;
    if (bytes[end] === CR && bytes[end + 1] === LF) return end + 2;
    const code = bytes[end] ?? 0;
    return this.#refuse(code === CR || code === LF ? byteFault(code) : FAULTS.versionInvalid);
  }

  /** One Host, well-formed, and no other than the target's (RFC 9112 §3.2, and stricter). */
  #authority(): Authority | HttpFault {
    const { hosts, host } = this.#scan;
    const named = this.#target.authority;
    if (hosts > 1) return FAULTS.hostRepeated;
    if (hosts === 0) return this.#minorVersion === 0 ? (named ?? NO_AUTHORITY) : FAULTS.hostMissing;
    // A connection names the same host nearly always.
    const authority =
      host === this.#lastAuthority.text ? this.#lastAuthority : parseAuthority(host);
    if (authority === undefined || authority === NO_AUTHORITY) return FAULTS.hostInvalid;
    this.#lastAuthority = authority;
    if (named !== undefined) {
      const port = authority.port ?? named.defaultPort;
      const isSame = named.host === authority.host && named.port === port;
      if (!isSame) return FAULTS.hostMismatch;
    }
    return authority;
  }

  #refuse(fault: HttpFault): -1 {
    this.fault = fault;
    return -1;
  }
}

/** `HTTP/1.0` or `HTTP/1.1`, to the letter. */
export function minorVersionAt(text: string, at: number): MinorVersion | HttpFault {
  if (text.startsWith('HTTP/1.', at)) {
    const digit = text.charCodeAt(at + 7) - 48;
    if (digit === 1 || digit === 0) return digit;
  }
  return /^HTTP\/[0-9]\.[0-9]/.test(text.slice(at, at + 8))
    ? FAULTS.versionRefused
    : FAULTS.versionInvalid;
}

/** Those that nearly all requests have are not cut out of the text: a fresh string is hashed and compared byte by byte. */
function methodAt(bytes: Uint8Array, text: string, at: number, end: number): string {
  if (end - at === 3 && bytes[at] === 0x47 && text.startsWith('GET', at)) return 'GET';
  if (end - at === 4 && bytes[at] === 0x50 && text.startsWith('POST', at)) return 'POST';
  return text.slice(at, end);
}

/** Other tokens may be methods somewhere, but not here. */
function methodFault(bytes: Uint8Array, at: number, end: number): HttpFault {
  const code = bytes[end] ?? 0;
  if (code === CR || code === LF || code === 0) return byteFault(code);
  let next = end;
  while (TOKEN[bytes[next] ?? 0] === 1 && next - at <= METHOD_BYTES_MAX) next++;
  return next > at && (bytes[next] === SPACE || next - at > METHOD_BYTES_MAX)
    ? FAULTS.methodRefused
    : FAULTS.methodInvalid;
}

/** Why the target does not end with a space; HTTP/0.9 has no version. */
function targetFault(bytes: Uint8Array, end: number): HttpFault {
  const code = bytes[end] ?? 0;
  return code === CR && bytes[end + 1] === LF ? FAULTS.versionMissing : byteFault(code);
}
