import { ArrivingMessage } from '../net/arriving-message.js';
import type { Block } from '../net/block.js';
import type { BlocksOfMessages } from '../net/port.js';
import { numberAt, putNumber } from './xdr.js';

/**
 * One message of ONC RPC (RFC 5531) as it came over TCP, without its record marks: the front lies in one piece and holds every
 * head and all arguments but what is read or written; the rest follows in pieces as they came, so that nothing long is copied.
 */
export interface RpcRecord {
  readonly length: number;
  readonly front: Uint8Array;
  readonly rest: readonly Uint8Array[];
  /** All of it lies there. Whoever has the record may leave it once nobody reads the record any more; unless it is left, it stays. */
  readonly block?: Block;
  /** It is good for the call only in which it was found. */
  readonly isLent?: boolean;
}

/** So much lies in one piece: two authentications of 408 bytes, a handle of 64, and what else stands before data. */
export const FRONT_BYTES = 2048;
const MARK_BYTES = 4;
const LAST = 0x8000_0000;

export interface RecordLimits {
  /** Of one message. */
  readonly recordBytesMax: number;
  /** Pieces that its sender cut it into. */
  readonly fragmentsMax: number;
}

const RECORD_LIMITS: RecordLimits = { recordBytesMax: (1 << 20) + 4096, fragmentsMax: 1024 };

/** Cuts a stream of bytes, which may be lent, into messages (RFC 5531 §11). A long one that comes in one fragment gets a block. */
export class RecordReader {
  readonly #limits: RecordLimits;
  readonly #lends: boolean;
  readonly #mark = new Uint8Array(MARK_BYTES);
  #markBytes = 0;
  #isLast = false;
  /** Of the fragment under way. */
  #left = 0;
  #fragments = 0;
  readonly #long: ArrivingMessage;
  #pieces: Uint8Array[] = [];
  #length = 0;

  /** `lends`: what is short and came at once is found where it came. */
  constructor(limits: Partial<RecordLimits> = {}, blocks?: BlocksOfMessages, lends = false) {
    this.#limits = { ...RECORD_LIMITS, ...limits };
    this.#lends = lends;
    this.#long = new ArrivingMessage(blocks);
  }

  /** Of a message that is not whole yet. */
  get keptBytes(): number {
    return this.#length;
  }

  readsInto(): Uint8Array | undefined {
    return this.#long.readsInto();
  }

  /** Calls with each message that is whole. False: this is no such stream, or beyond a limit; then it is over. */
  read(bytes: Uint8Array, found: (record: RpcRecord) => void): boolean {
    let at = 0;
    while (at < bytes.length) {
      if (this.#left === 0 && !this.#isLast) {
        this.#mark[this.#markBytes++] = bytes[at++]!;
        if (this.#markBytes < MARK_BYTES) continue;
        if (!this.#begin()) return false;
      } else {
        const end = Math.min(bytes.length, at + this.#left);
        const piece = bytes.subarray(at, end);
        this.#left -= end - at;
        at = end;
        if (this.#long.isUnderWay) {
          this.#long.add(piece);
        } else if (this.#lends && piece.length === this.#length && this.#isLast) {
          this.#start();
          found({ length: piece.length, front: piece, rest: [], isLent: true });
        } else {
          this.#pieces.push(Buffer.from(piece));
        }
      }
      if (this.#left === 0 && this.#isLast) found(this.#take());
    }
    return true;
  }

  /** Nothing more comes. */
  stop(): void {
    this.#long.stop();
  }

  #begin(): boolean {
    const mark = numberAt(this.#mark, 0);
    const length = mark % LAST;
    this.#markBytes = 0;
    this.#isLast = mark >= LAST;
    this.#left = length;
    this.#length += length;
    this.#fragments += 1;
    const { recordBytesMax, fragmentsMax } = this.#limits;
    if (this.#length > recordBytesMax || this.#fragments > fragmentsMax) return false;
    if (this.#isLast && this.#fragments === 1) this.#long.begin(length);
    return true;
  }

  #take(): RpcRecord {
    const length = this.#length;
    const block = this.#long.end();
    const record =
      block === undefined
        ? recordOf(this.#pieces, length)
        : { length, front: block.bytes.subarray(0, length), rest: [], block };
    if (block === undefined) this.#pieces = [];
    this.#start();
    return record;
  }

  /** The next one. */
  #start(): void {
    this.#length = 0;
    this.#fragments = 0;
    this.#isLast = false;
  }
}

function recordOf(pieces: readonly Uint8Array[], length: number): RpcRecord {
  const [first = new Uint8Array(0), ...rest] = pieces;
  if (rest.length === 0 || first.length >= FRONT_BYTES) return { length, front: first, rest };
  const front = new Uint8Array(Math.min(length, FRONT_BYTES));
  let filled = 0;
  for (const [at, piece] of pieces.entries()) {
    const taken = Math.min(piece.length, front.length - filled);
    front.set(piece.subarray(0, taken), filled);
    filled += taken;
    if (filled < front.length) continue;
    const left = taken < piece.length ? [piece.subarray(taken)] : [];
    return { length, front, rest: [...left, ...pieces.slice(at + 1)] };
  }
  return { length, front, rest: [] };
}

/** The same to keep. */
export function keptOf(record: RpcRecord): RpcRecord {
  const { length, front, isLent } = record;
  return isLent === true ? { length, front: Buffer.from(front), rest: [] } : record;
}

/** The whole message in one piece. */
export function wholeOf({ length, front, rest }: RpcRecord): Uint8Array {
  if (rest.length === 0) return front;
  const whole = new Uint8Array(length);
  whole.set(front);
  let at = front.length;
  for (const piece of rest) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

/** Before a message that goes out in one fragment. */
export function putMark(bytes: Uint8Array, length: number): void {
  putNumber(bytes, 0, LAST + length);
}

/** A small message, marked. */
export function marked(message: Uint8Array): Uint8Array {
  const bytes = Buffer.allocUnsafe(MARK_BYTES + message.length);
  putMark(bytes, message.length);
  bytes.set(message, MARK_BYTES);
  return bytes;
}
