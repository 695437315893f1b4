import type { Pdu } from '../../../core/iscsi/pdu.js';
import {
  AT,
  DATA_IN,
  HAS_STATUS,
  NOP_IN,
  NO_TAG,
  READY_TO_TRANSFER,
  flagsOf,
  immediate,
  isBefore,
  next,
  opcodeOf,
  taskTagOf,
} from '../../../core/iscsi/pdu.js';

/**
 * The numbers of our session with one server: each command gets the next, as far as the server has room for it; what the server
 * answers has numbers of its own, of which it hears how far they came.
 */
export class ServerWindow {
  #command = 1;
  #commandMax = 1;
  #status = 0;

  /** The server takes another command. */
  get isOpen(): boolean {
    return !isBefore(this.#commandMax, this.#command);
  }

  /** Of the next command. */
  get command(): number {
    return this.#command;
  }

  /** Of a command, into its header. */
  stamp(head: Buffer): void {
    this.#write(head);
    this.#command = next(this.#command);
  }

  /** Of what is before all that waits: it takes no number. */
  stampUrgent(head: Buffer): void {
    this.#write(immediate(head));
  }

  /** Of data, which have no number of a command. */
  stampStatus(head: Buffer): void {
    head.writeUInt32BE(this.#status, AT.expectedStatusNumber);
  }

  /** What the server says of both in each of its PDUs. */
  heard(pdu: Pdu): void {
    const { head } = pdu;
    if (hasStatusNumber(pdu)) this.#status = next(head.readUInt32BE(AT.statusNumber));
    const max = head.readUInt32BE(AT.commandNumberMax);
    if (isBefore(this.#commandMax, max)) this.#commandMax = max;
  }

  #write(head: Buffer): void {
    head.writeUInt32BE(this.#command, AT.commandNumber);
    this.stampStatus(head);
  }
}

function hasStatusNumber(pdu: Pdu): boolean {
  switch (opcodeOf(pdu)) {
    case DATA_IN:
      return (flagsOf(pdu) & HAS_STATUS) !== 0;
    case READY_TO_TRANSFER:
      return false;
    case NOP_IN:
      return taskTagOf(pdu) !== NO_TAG;
    default:
      return true;
  }
}
