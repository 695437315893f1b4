import { strict as assert } from 'node:assert';
import type { Latin1 } from './bytes.js';
import { asBuffer, latin1Of } from './bytes.js';
import { CR } from './characters.js';
import { HttpFault, FAULTS } from './fault.js';
import type { HeadLimits } from './limits.js';
import { LineBuffer } from './line-buffer.js';

/** Reads a head line by line; each method returns where the next line begins, or -1 with `fault` set. */
export interface HeadParser<Head> {
  /** A first line longer than this is refused by `startLine` from what is there of it. */
  readonly startLineBytesMax: number;
  /** One empty line before the first is passed over. */
  readonly skipsEmptyLine: boolean;
  readonly fault: HttpFault | undefined;
  startLine(source: Latin1, at: number): number;
  field(source: Latin1, at: number): number;
  finish(): Head | HttpFault;
}

const HEAD_END = Buffer.from('\r\n\r\n');

/** A connection whose heads differ so many times in a row is not worth remembering them. */
const NEWS_MAX = 8;

/**
 * Finds heads in the bytes of a connection, which may come in any pieces: the outcome does not depend on them, and the
 * work is linear in the bytes. A head that lies in one piece, as nearly all do, is turned into text once and read in one
 * pass; a head that repeats the one before it byte by byte is not read again.
 */
export class HeadReader<Head extends object> {
  readonly #parser: HeadParser<Head>;
  readonly #limits: HeadLimits;
  readonly #lines = new LineBuffer();
  #place: 'start' | 'fields' = 'start';
  /** Of the head under way, if it comes in pieces. */
  #bytes = 0;
  #isEmptyLineSkipped = false;
  #last: { readonly bytes: Buffer; readonly head: Head } | undefined;
  /** Heads in a row that did not repeat the one before. */
  #news = 0;
  /** Where the bytes go on after the head. */
  end = 0;

  constructor(parser: HeadParser<Head>, limits: HeadLimits) {
    assert(parser.startLineBytesMax < limits.headBytesMax, 'the first line must fit into the head');
    this.#parser = parser;
    this.#limits = limits;
  }

  /** Part of a head has come. */
  get isUnderWay(): boolean {
    return this.#bytes > 0;
  }

  /**
   * Reads from `at`. Undefined: all bytes were taken and the head is not complete. After a fault the connection is of no
   * more use, and neither is the reader.
   */
  read(bytes: Uint8Array, at: number): Head | HttpFault | undefined {
    if (this.#bytes > 0) return this.#readLines(bytes, at);
    const buffer = asBuffer(bytes);
    const repeated = this.#repeated(buffer, at);
    if (repeated !== undefined) return repeated;
    const end = buffer.indexOf(HEAD_END, at) + HEAD_END.length;
    const isWhole = end >= HEAD_END.length && end - at <= this.#limits.headBytesMax;
    if (!isWhole || buffer[at] === CR) return this.#readLines(bytes, at);
    this.end = end;
    const head = this.#readWhole(latin1Of(buffer, at, end));
    if (!(head instanceof HttpFault)) this.#remember(buffer, at, head);
    return head;
  }

  /** The same bytes no longer mean the same head. */
  forget(): void {
    this.#last = undefined;
  }

  #repeated(buffer: Buffer, at: number): Head | undefined {
    const last = this.#last;
    if (last === undefined) return undefined;
    const end = at + last.bytes.length;
    if (buffer.length < end || last.bytes.compare(buffer, at, end) !== 0) return undefined;
    this.end = end;
    this.#news = 0;
    return last.head;
  }

  #remember(buffer: Buffer, at: number, head: Head): void {
    const length = this.end - at;
    this.#news += 1;
    // Not the first one: many connections bring no other.
    if (this.#news === 1 || this.#news > NEWS_MAX || length > this.#limits.rememberedBytesMax) {
      this.#last = undefined;
      return;
    }
    // Memory of its own: a slice of Node's shared pool would keep the whole pool alive.
    const bytes =
      this.#last?.bytes.length === length ? this.#last.bytes : Buffer.allocUnsafeSlow(length);
    buffer.copy(bytes, 0, at, this.end);
    this.#last = { bytes, head };
  }

  /** A whole head, with its empty line. */
  #readWhole(source: Latin1): Head | HttpFault {
    const parser = this.#parser;
    const last = source.text.length - 2;
    let at = parser.startLine(source, 0);
    while (at !== -1 && at < last) at = parser.field(source, at);
    return at === -1 ? faultOf(parser) : parser.finish();
  }

  #readLines(bytes: Uint8Array, from: number): Head | HttpFault | undefined {
    let at = from;
    while (at < bytes.length) {
      const line = this.#lines.next(bytes, at);
      this.#bytes += this.#lines.end - at;
      at = this.#lines.end;
      const outcome = this.#overflow(line) ?? (line === undefined ? undefined : this.#take(line));
      if (outcome !== undefined) {
        this.end = at;
        this.#startOver();
        return outcome;
      }
    }
    return undefined;
  }

  /** `line` is undefined while its end has not come. */
  #overflow(line: Latin1 | undefined): HttpFault | undefined {
    const parser = this.#parser;
    if (this.#place === 'start' && this.#lines.length > parser.startLineBytesMax) {
      const at = parser.startLine(line ?? this.#lines.started(), 0);
      assert(at === -1, 'a first line beyond its limit is refused');
      return faultOf(parser);
    }
    return this.#bytes > this.#limits.headBytesMax ? FAULTS.headTooLarge : undefined;
  }

  /** A head, a fault, or undefined: more lines follow. */
  #take(line: Latin1): Head | HttpFault | undefined {
    const parser = this.#parser;
    const isEmpty = line.text === '\r\n';
    if (this.#place === 'fields') {
      if (isEmpty) return parser.finish();
      return parser.field(line, 0) === -1 ? faultOf(parser) : undefined;
    }
    if (isEmpty && parser.skipsEmptyLine) {
      if (this.#isEmptyLineSkipped) return FAULTS.emptyLine;
      this.#isEmptyLineSkipped = true;
      return undefined;
    }
    this.#place = 'fields';
    return parser.startLine(line, 0) === -1 ? faultOf(parser) : undefined;
  }

  #startOver(): void {
    this.#place = 'start';
    this.#bytes = 0;
    this.#isEmptyLineSkipped = false;
  }
}

function faultOf(parser: HeadParser<object>): HttpFault {
  assert(parser.fault !== undefined, 'a parser says why it refuses');
  return parser.fault;
}
