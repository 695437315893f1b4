import type { BodySink } from './body-sink.js';
import type { Latin1 } from './bytes.js';
import { sliceOf } from './bytes.js';
import { CR, HEX, LF } from './characters.js';
import type { HttpFault } from './fault.js';
import { FAULTS } from './fault.js';
import { FieldScan } from './field-scan.js';
import type { HeaderList } from './header-list.js';
import { NO_HEADERS, parsedHeaders } from './header-list.js';
import type { BodyLimits } from './limits.js';
import { LineBuffer } from './line-buffer.js';
import { isTrailerName } from './own-names.js';

const SEMICOLON = 59;
/** Sizes are below 4 GiB; leading zeros count, or a sender could drip them for ever. */
const SIZE_DIGITS_MAX = 8;
/** RFC 9112 §7.1.1, without its "bad white space". */
const EXTENSIONS =
  /^(?:;[\w!#$%&'*+.^`|~-]+(?:=(?:[\w!#$%&'*+.^`|~-]+|"(?:[\t !#-[\]-~]|\\[\t -~])*"))?)+$/;

/**
 * A chunked body (RFC 9112 §7.1):
 *
 *   size → (extension →) sizeEnd → data → dataEnd → dataLineFeed → size …
 *                           └ size 0 → trailers → done
 */
export class ChunkedReader {
  fault: HttpFault | undefined;
  isDone = false;
  trailers: HeaderList = NO_HEADERS;
  readonly #limits: BodyLimits;
  #place: 'size' | 'extension' | 'sizeEnd' | 'data' | 'dataEnd' | 'dataLineFeed' | 'trailers' =
    'size';
  #digits = 0;
  /** Of the chunk, then what is left of it. */
  #size = 0;
  #extension = '';
  #extensionBytes = 0;
  #bodyBytes = 0;
  #trailerBytes = 0;
  readonly #lines = new LineBuffer();
  readonly #scan: FieldScan;

  constructor(limits: BodyLimits) {
    this.#limits = limits;
    this.#scan = new FieldScan(limits.trailersMax, false);
    this.#scan.begin();
  }

  /** Reads until the bytes, the body or its validity end; returns where that is. */
  read(bytes: Uint8Array, from: number, sink: BodySink): number {
    let at = from;
    while (at < bytes.length && !this.isDone && this.fault === undefined) {
      if (this.#place === 'data') at = this.#readData(bytes, at, sink);
      else if (this.#place === 'trailers') at = this.#readTrailerLine(bytes, at);
      else this.#readControl(bytes[at++] ?? 0);
    }
    return at;
  }

  #readData(bytes: Uint8Array, at: number, sink: BodySink): number {
    const end = Math.min(bytes.length, at + this.#size);
    this.#size -= end - at;
    if (this.#size === 0) this.#place = 'dataEnd';
    sink.body(sliceOf(bytes, at, end));
    return end;
  }

  #readControl(byte: number): void {
    switch (this.#place) {
      case 'size':
        this.#readSize(byte);
        break;
      case 'extension':
        this.#readExtension(byte);
        break;
      case 'sizeEnd':
        if (byte === LF) this.#beginChunk();
        else this.fault = FAULTS.bareCarriageReturn;
        break;
      case 'dataEnd':
        if (byte === CR) this.#place = 'dataLineFeed';
        else this.fault = FAULTS.chunkEndInvalid;
        break;
      case 'dataLineFeed':
        if (byte === LF) this.#place = 'size';
        else this.fault = FAULTS.chunkEndInvalid;
        break;
      case 'data':
      case 'trailers':
    }
  }

  #readSize(byte: number): void {
    const digit = HEX[byte] ?? 255;
    if (digit !== 255) {
      this.#digits += 1;
      this.#size = this.#size * 16 + digit;
      if (this.#digits > SIZE_DIGITS_MAX) this.fault = FAULTS.chunkSizeInvalid;
    } else if (this.#digits === 0) {
      this.fault = FAULTS.chunkSizeInvalid;
    } else if (byte === CR) {
      this.#place = 'sizeEnd';
    } else if (byte === SEMICOLON && this.#limits.chunkExtensions === 'ignore') {
      this.#place = 'extension';
      this.#readExtension(byte);
    } else {
      this.fault = byte === SEMICOLON ? FAULTS.chunkExtensionInvalid : FAULTS.chunkSizeInvalid;
    }
  }

  #readExtension(byte: number): void {
    if (byte === CR) {
      if (EXTENSIONS.test(this.#extension)) this.#place = 'sizeEnd';
      else this.fault = FAULTS.chunkExtensionInvalid;
      return;
    }
    this.#extension += String.fromCharCode(byte);
    this.#extensionBytes += 1;
    if (byte === LF) this.fault = FAULTS.bareLineFeed;
    else if (this.#extensionBytes > this.#limits.chunkExtensionBytesMax) {
      this.fault = FAULTS.chunkExtensionsTooLarge;
    }
  }

  #beginChunk(): void {
    this.#bodyBytes += this.#size;
    if (this.#bodyBytes > this.#limits.bodyBytesMax) this.fault = FAULTS.bodyTooLarge;
    this.#place = this.#size === 0 ? 'trailers' : 'data';
    this.#digits = 0;
    this.#extension = '';
  }

  #readTrailerLine(bytes: Uint8Array, at: number): number {
    const line = this.#lines.next(bytes, at);
    const { end } = this.#lines;
    this.#trailerBytes += end - at;
    if (this.#trailerBytes > this.#limits.trailerBytesMax) this.fault = FAULTS.trailersTooLarge;
    else if (line?.text === '\r\n') this.#finish();
    else if (line !== undefined) this.#takeTrailer(line);
    return end;
  }

  #takeTrailer(line: Latin1): void {
    const scan = this.#scan;
    if (scan.line(line, 0) === -1) this.fault = scan.fault;
    else if (!isTrailerName(scan.fields.at(-2) ?? '')) this.fault = FAULTS.trailerRefused;
  }

  #finish(): void {
    this.isDone = true;
    this.trailers = parsedHeaders(this.#scan.fields);
  }
}
