import { padded, putNumber } from '../../../core/onc-rpc/xdr.js';
import type { RpcRecord } from '../../../core/onc-rpc/record.js';
import { putMark } from '../../../core/onc-rpc/record.js';

interface Edit {
  readonly at: number;
  readonly removed: number;
  readonly inserted: Uint8Array;
}

const HEAD_BYTES = 8;
const ABSENT = new Uint8Array(4);

/**
 * Changes to a message on its way from one side to the other, in the order of the message. What comes before the last one is
 * copied, the rest goes on as it came: nothing that is read or written is.
 */
export class Edits {
  readonly #edits: Edit[] = [];
  #grownBytes = 0;

  /** Of the same length. */
  replace(at: number, bytes: Uint8Array): void {
    this.#add(at, bytes.length, bytes);
  }

  number(at: number, value: number): void {
    const bytes = Buffer.allocUnsafe(4);
    putNumber(bytes, 0, value);
    this.replace(at, bytes);
  }

  /** What has its length before it; `at`: where its bytes begin. */
  opaque(at: number, length: number, bytes: Uint8Array): void {
    const inserted = Buffer.allocUnsafe(4 + padded(bytes.length));
    putNumber(inserted, 0, bytes.length);
    inserted.set(bytes, 4);
    inserted.fill(0, 4 + bytes.length);
    this.#add(at - 4, 4 + padded(length), inserted);
  }

  /** An optional one is left out; `at`: of the word that says that it is there. */
  omit(at: number, length: number): void {
    this.#add(at, 8 + padded(length), ABSENT);
  }

  /** So many bytes from there on go. */
  cut(at: number, removed: number, inserted: Uint8Array): void {
    this.#add(at, removed, inserted);
  }

  /** The message with another xid and a record mark, as pieces to write. */
  apply({ front, rest, length }: RpcRecord, xid: number): Uint8Array[] {
    const last = this.#edits.at(-1);
    const until = last === undefined ? 4 : last.at + last.removed;
    // Of Node's pool, like all small ones here: an array of its own costs more than what is done with it.
    const head = Buffer.allocUnsafe(HEAD_BYTES + until - 4 + this.#grownBytes);
    putMark(head, length + this.#grownBytes);
    putNumber(head, 4, xid);
    let to = HEAD_BYTES;
    let from = 4;
    for (const { at, removed, inserted } of this.#edits) {
      head.set(front.subarray(from, at), to);
      to += at - from;
      head.set(inserted, to);
      to += inserted.length;
      from = at + removed;
    }
    return from < front.length ? [head, front.subarray(from), ...rest] : [head, ...rest];
  }

  #add(at: number, removed: number, inserted: Uint8Array): void {
    this.#edits.push({ at, removed, inserted });
    this.#grownBytes += inserted.length - removed;
  }
}
