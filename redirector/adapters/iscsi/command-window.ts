import type { Pdu } from '../../../core/iscsi/pdu.js';
import { AT, isBefore, next } from '../../../core/iscsi/pdu.js';

/**
 * The numbers of one client's session: its commands come in the order of theirs, each once, and no more than there is room
 * for; what is outside the window is dropped, as the protocol has it. Our answers have numbers of our own.
 */
export class CommandWindow {
  #expected: number;
  #status = 1;
  /** Came before their turn. */
  readonly #early = new Map<number, Pdu>();

  constructor(first: number) {
    this.#expected = first;
  }

  /** Calls with this one and what waited for it, in their order. False: it is outside the window. */
  take(pdu: Pdu, room: () => number, run: (pdu: Pdu) => void): boolean {
    const number = pdu.head.readUInt32BE(AT.commandNumber);
    const end = next(this.#expected, room());
    if (isBefore(number, this.#expected) || !isBefore(number, end)) return false;
    if (number !== this.#expected) {
      if (this.#early.has(number)) return false;
      this.#early.set(number, pdu);
      return true;
    }
    let due: Pdu | undefined = pdu;
    while (due !== undefined) {
      this.#expected = next(this.#expected);
      run(due);
      due = this.#early.get(this.#expected);
      this.#early.delete(this.#expected);
    }
    return true;
  }

  /** Into the header of an answer; `has status`: it takes a number of its own. */
  stamp(head: Buffer, room: number, hasStatus: boolean): void {
    head.writeUInt32BE(this.#status, AT.statusNumber);
    if (hasStatus) this.#status = next(this.#status);
    head.writeUInt32BE(this.#expected, AT.expectedCommandNumber);
    head.writeUInt32BE(next(this.#expected, room - 1), AT.commandNumberMax);
  }
}
