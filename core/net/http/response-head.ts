import type { Latin1 } from './bytes.js';
import { CR, LF, SPACE, VALUE_8_BIT } from './characters.js';
import { connectionOptions } from './connection-options.js';
import { HttpFault, FAULTS } from './fault.js';
import { FieldScan, byteFault } from './field-scan.js';
import type { Framing, MinorVersion } from './framing.js';
import { NO_BODY, UNTIL_CLOSE, declaredFraming } from './framing.js';
import type { HeadParser } from './head-reader.js';
import type { HeaderList } from './header-list.js';
import { parsedHeaders } from './header-list.js';
import type { HeadLimits } from './limits.js';
import { minorVersionAt } from './request-head.js';

/** A response's head, checked. */
export interface ResponseHead {
  /** 100 to 599. */
  readonly status: number;
  readonly reason: string;
  readonly minorVersion: MinorVersion;
  readonly headers: HeaderList;
  readonly connectionNamed: readonly string[];
  readonly framing: Framing;
  /** What Content-Length says of a body that is not sent (HEAD, 304); with 1xx and 204 it says nothing (RFC 9110 §8.6). */
  readonly unsentLength: number | undefined;
  /** The server takes another request on this connection. */
  readonly keepAlive: boolean;
  /** The server changed to the WebSocket protocol: good only as the answer to a request that asked for it. */
  readonly isWebSocket: boolean;
}

const REASON_BYTES_MAX = 512;
/** `HTTP/1.1 200 ` and the line's end. */
const START_LINE_BYTES_OVER = 15;

/** Reads the response to a request of the method that was last set. */
export class ResponseHeadParser implements HeadParser<ResponseHead> {
  readonly startLineBytesMax = REASON_BYTES_MAX + START_LINE_BYTES_OVER;
  readonly skipsEmptyLine = false;
  fault: HttpFault | undefined;
  method = 'GET';
  readonly #scan: FieldScan;
  #minorVersion: MinorVersion = 1;
  #status = 0;
  #reason = '';

  constructor(limits: HeadLimits) {
    this.#scan = new FieldScan(limits.headersMax, limits.allowsEightBit);
  }

  startLine(source: Latin1, at: number): number {
    const { text } = source;
    this.#scan.begin();
    const minorVersion = minorVersionAt(text, at);
    if (minorVersion instanceof HttpFault) return this.#refuse(minorVersion);
    this.#minorVersion = minorVersion;
    this.#status = statusAt(text, at + 8);
    if (this.#status === 0) return this.#refuse(FAULTS.statusLineInvalid);
    return this.#readReason(source, at + 12);
  }

  field(source: Latin1, at: number): number {
    const next = this.#scan.line(source, at);
    if (next === -1) this.fault = this.#scan.fault;
    return next;
  }

  finish(): ResponseHead | HttpFault {
    const scan = this.#scan;
    const declared = declaredFraming(scan, this.#minorVersion);
    if (declared instanceof HttpFault) return declared;
    const connection = connectionOptions(scan.connection);
    if (connection instanceof HttpFault) return connection;
    const isBodyless = hasNoBody(this.method, this.#status);
    const framing = isBodyless ? NO_BODY : (declared ?? UNTIL_CLOSE);
    const isModern = this.#minorVersion === 1;
    return {
      status: this.#status,
      reason: this.#reason,
      minorVersion: this.#minorVersion,
      headers: parsedHeaders(scan.fields),
      connectionNamed: connection.named,
      framing,
      unsentLength: isBodyless ? this.#unsentLength(declared) : undefined,
      keepAlive:
        framing.kind !== 'until-close' &&
        this.#status !== 101 &&
        !connection.close &&
        (isModern || connection.keepAlive),
      isWebSocket:
        this.#status === 101 && connection.upgrade && scan.upgrade.toLowerCase() === 'websocket',
    };
  }

  #unsentLength(declared: Framing | undefined): number | undefined {
    const isAllowed = this.#status >= 200 && this.#status !== 204;
    return isAllowed && declared?.kind === 'length' ? declared.length : undefined;
  }

  /** The space before the reason is left out by some servers along with the reason. */
  #readReason({ bytes, text }: Latin1, at: number): number {
    let start = at;
    let code = bytes[start] ?? 0;
    if (code === SPACE) code = bytes[++start] ?? 0;
    else if (code !== CR && code !== LF) return this.#refuse(FAULTS.statusLineInvalid);
    let end = start;
    while (VALUE_8_BIT[code] === 1 && end - start <= REASON_BYTES_MAX) code = bytes[++end] ?? 0;
    if (end - start > REASON_BYTES_MAX) return this.#refuse(FAULTS.statusLineTooLong);
    if (code !== CR || bytes[end + 1] !== LF) return this.#refuse(byteFault(code));
    this.#reason = text.slice(start, end);
    return end + 2;
  }

  #refuse(fault: HttpFault): -1 {
    this.fault = fault;
    return -1;
  }
}

/** RFC 9112 §6.3, rule 1. */
export function hasNoBody(method: string, status: number): boolean {
  return method === 'HEAD' || status < 200 || status === 204 || status === 304;
}

/** A space and three digits, 100 to 599; 0 for all else. */
function statusAt(text: string, at: number): number {
  const digits = text.slice(at + 1, at + 4);
  return text.charCodeAt(at) === SPACE && /^[1-5][0-9]{2}$/.test(digits) ? Number(digits) : 0;
}
