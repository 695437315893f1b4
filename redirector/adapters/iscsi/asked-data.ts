import { copyLun } from '../../../core/iscsi/lun.js';
import type { Pdu } from '../../../core/iscsi/pdu.js';
import {
  AT,
  FINAL,
  READY_TO_TRANSFER,
  flagsOf,
  headOf,
  next,
  taskTagOf,
} from '../../../core/iscsi/pdu.js';

interface Burst {
  readonly tag: number;
  readonly end: number;
  /** So far it came. */
  at: number;
  /** DataSN of the next. */
  number: number;
}

/** What a client is asked for of the data of one command: a burst at a time, which must come in its order. */
export class AskedData {
  #burst: Burst | undefined;
  #tag = 0;

  /** It has not come as far as that. */
  get isUnderWay(): boolean {
    return this.#burst !== undefined;
  }

  /** For the next burst of that command. @returns what to ask the client with */
  ask(
    { head: command }: Pick<Pdu, 'head'>,
    { at, end, number }: { readonly at: number; readonly end: number; readonly number: number },
  ): Buffer {
    this.#tag = next(this.#tag);
    this.#burst = { tag: this.#tag, at, end, number: 0 };
    const head = headOf(READY_TO_TRANSFER, FINAL, taskTagOf({ head: command }));
    copyLun(command, head);
    head.writeUInt32BE(this.#tag, AT.transfer);
    head.writeUInt32BE(number, AT.dataNumber);
    head.writeUInt32BE(at, AT.offset);
    head.writeUInt32BE(end - at, AT.desiredLength);
    return head;
  }

  /** What the client sends. False: that is not what it was asked for. */
  take(pdu: Pdu): boolean {
    const { head, dataLength } = pdu;
    const burst = this.#burst;
    const isInTurn =
      burst?.tag === head.readUInt32BE(AT.transfer) &&
      burst.number === head.readUInt32BE(AT.dataNumber) &&
      burst.at === head.readUInt32BE(AT.offset) &&
      burst.at + dataLength <= burst.end;
    if (!isInTurn) return false;
    burst.number += 1;
    burst.at += dataLength;
    if (burst.at === burst.end || (flagsOf(pdu) & FINAL) !== 0) this.#burst = undefined;
    return true;
  }
}
