import { lunBytesOf } from '../../../core/iscsi/lun.js';
import type { Pdu } from '../../../core/iscsi/pdu.js';
import { AT, NOTHING, commandIn, wholeOf } from '../../../core/iscsi/pdu.js';
import { isOfReservations } from '../../../core/iscsi/reservations.js';
import type { SenseCode } from '../../../core/iscsi/scsi.js';
import type { Reserving, ReservingCommand } from './reserving.js';
import type { WriteData } from './write-data.js';

/** What is done for a command of one client. */
type Does = Pick<Reserving, 'refusal' | 'intends' | 'did' | 'refused' | 'mayHaveDone'>;

/** Undefined: it does nothing to reservations, as most do not. `written`: as far as it has come. */
export function taskReservation(
  reserving: Does,
  pdu: Pdu,
  written: WriteData,
): TaskReservation | undefined {
  const isOne = isOfReservations(pdu.head[AT.command]!);
  return isOne ? new TaskReservation(reserving, pdu, written) : undefined;
}

/** What one command of a client does to reservations: written down before its server is told of it, and once that has answered. */
export class TaskReservation {
  readonly #reserving: Does;
  readonly #pdu: Pdu;
  readonly #written: WriteData;
  /** What it will do is written down, and not yet whether it has. */
  #isNoted = false;

  constructor(reserving: Does, pdu: Pdu, written: WriteData) {
    this.#reserving = reserving;
    this.#pdu = pdu;
    this.#written = written;
  }

  /** Why no server is to be told of it; undefined: one is. */
  get refusal(): SenseCode | undefined {
    return this.#reserving.refusal(this.#command);
  }

  /** Undefined: its server may be told of it at once; else after that. */
  intends(): Promise<void> | undefined {
    const noted = this.#reserving.intends(this.#command);
    if (noted !== undefined) this.#isNoted = true;
    return noted;
  }

  /** Its server has carried it out, or not. The client hears of it after that. */
  answered(isDone: boolean): Promise<void> {
    this.#isNoted = false;
    return isDone ? this.#reserving.did(this.#command) : this.#reserving.refused(this.#command);
  }

  /** Its server may have carried it out. */
  mayHaveDone(): void {
    this.#isNoted = false;
    this.#reserving.mayHaveDone(this.#command);
  }

  /** No server will carry it out any more. */
  over(): void {
    if (this.#isNoted) void this.#reserving.refused(this.#command);
  }

  get #command(): ReservingCommand {
    const written = this.#written.isWhole
      ? wholeOf(this.#written.slice(0, this.#written.end))
      : NOTHING;
    return { lun: lunBytesOf(this.#pdu.head), command: commandIn(this.#pdu), written };
  }
}
