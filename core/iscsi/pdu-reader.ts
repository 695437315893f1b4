import { ArrivingMessage } from '../net/arriving-message.js';
import type { BlocksOfMessages } from '../net/port.js';
import type { Pdu } from './pdu.js';
import { HEAD_BYTES, NOTHING, paddingBytes } from './pdu.js';

export interface PduLimits {
  /** Of the data of one. */
  readonly dataBytesMax: number;
  /** Of its additional headers. */
  readonly extraBytesMax: number;
}

/** The longest command that SCSI has, and the length of what a bidirectional one reads. */
const EXTRA_BYTES_MAX = 264 + 8;
/** Data that come in more pieces are put into one: a peer that sends bytewise must not cost more than it sends. */
const PIECES_MAX = 64;

/**
 * Cuts a stream of bytes, which may be lent, into PDUs, without digests. Data that are long get a block.
 *
 *   head → extra → data → padding → head        each but the head may be missing
 */
export class PduReader {
  readonly #limits: PduLimits;
  #head = Buffer.allocUnsafe(HEAD_BYTES);
  #headBytes = 0;
  #extra: Uint8Array = NOTHING;
  #extraBytes = 0;
  readonly #long: ArrivingMessage;
  #pieces: Uint8Array[] = [];
  #dataLength = 0;
  #dataLeft = 0;
  #paddingLeft = 0;

  constructor(
    limits: Partial<PduLimits> & Pick<PduLimits, 'dataBytesMax'>,
    blocks?: BlocksOfMessages,
  ) {
    this.#limits = { extraBytesMax: EXTRA_BYTES_MAX, ...limits };
    this.#long = new ArrivingMessage(blocks);
  }

  /** Of a PDU that is not whole yet. */
  get keptBytes(): number {
    return this.#headBytes + this.#extraBytes + this.#dataLength - this.#dataLeft;
  }

  readsInto(): Uint8Array | undefined {
    return this.#long.readsInto();
  }

  /** Calls with each PDU that is whole. False: one is longer than allowed; then it is over. */
  read(bytes: Uint8Array, found: (pdu: Pdu) => void): boolean {
    let at = 0;
    while (at < bytes.length) {
      if (this.#headBytes < HEAD_BYTES) {
        at += this.#readHead(bytes, at);
        if (this.#headBytes < HEAD_BYTES) return true;
        if (!this.#begin()) return false;
      } else if (this.#extraBytes < this.#extra.length) {
        const end = Math.min(bytes.length, at + this.#extra.length - this.#extraBytes);
        this.#extra.set(bytes.subarray(at, end), this.#extraBytes);
        this.#extraBytes += end - at;
        at = end;
      } else if (this.#dataLeft > 0) {
        const end = Math.min(bytes.length, at + this.#dataLeft);
        const piece = bytes.subarray(at, end);
        if (this.#long.isUnderWay) this.#long.add(piece);
        else this.#keep(Buffer.from(piece));
        this.#dataLeft -= end - at;
        at = end;
      } else {
        const taken = Math.min(bytes.length - at, this.#paddingLeft);
        this.#paddingLeft -= taken;
        at += taken;
      }
      if (this.#isWhole) found(this.#take());
    }
    return true;
  }

  /** Nothing more comes. */
  stop(): void {
    this.#long.stop();
  }

  get #isWhole(): boolean {
    return (
      this.#headBytes === HEAD_BYTES &&
      this.#extraBytes === this.#extra.length &&
      this.#dataLeft === 0 &&
      this.#paddingLeft === 0
    );
  }

  #readHead(bytes: Uint8Array, at: number): number {
    const taken = Math.min(HEAD_BYTES - this.#headBytes, bytes.length - at);
    this.#head.set(bytes.subarray(at, at + taken), this.#headBytes);
    this.#headBytes += taken;
    return taken;
  }

  #begin(): boolean {
    const extraLength = this.#head[4]! * 4;
    this.#dataLength = this.#dataLeft = this.#head.readUIntBE(5, 3);
    this.#paddingLeft = paddingBytes(this.#dataLength);
    const { dataBytesMax, extraBytesMax } = this.#limits;
    if (this.#dataLength > dataBytesMax || extraLength > extraBytesMax) return false;
    if (extraLength > 0) this.#extra = new Uint8Array(extraLength);
    this.#long.begin(this.#dataLength);
    return true;
  }

  #keep(piece: Uint8Array): void {
    this.#pieces.push(piece);
    if (this.#pieces.length > PIECES_MAX) this.#pieces = [Buffer.concat(this.#pieces)];
  }

  #take(): Pdu {
    const dataLength = this.#dataLength;
    const block = this.#long.end();
    const pdu = {
      head: this.#head,
      extra: this.#extra,
      dataLength,
      block,
      data: block === undefined ? this.#pieces : [block.bytes.subarray(0, dataLength)],
    };
    this.#head = Buffer.allocUnsafe(HEAD_BYTES);
    this.#headBytes = 0;
    this.#extra = NOTHING;
    this.#extraBytes = 0;
    this.#pieces = [];
    this.#dataLength = 0;
    return pdu;
  }
}
