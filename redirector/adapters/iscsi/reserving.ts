import type { PersistentOut } from '../../../core/iscsi/reservations.js';
import {
  ACTION,
  PERSISTENT_RESERVE_OUT,
  actionOf,
  persistentOutIn,
  scsi2Of,
} from '../../../core/iscsi/reservations.js';
import type { SenseCode } from '../../../core/iscsi/scsi.js';
import {
  INQUIRY,
  NO_ROOM_FOR_REGISTRATIONS,
  REGISTRATION_PREEMPTED,
  REPORT_LUNS,
  REQUEST_SENSE,
  WRONG_FIELD,
} from '../../../core/iscsi/scsi.js';
import type { IscsiContext } from './context.js';
import type { InitiatorPort } from './initiator-port.js';

/** They are carried out whatever a unit has to tell. */
const UNATTENDED = new Set([INQUIRY, REPORT_LUNS, REQUEST_SENSE]);

/** A command of a client: of the unit, as it stands in the header. */
export interface ReservingCommand {
  readonly lun: Buffer;
  readonly command: Uint8Array;
  /** What the client has written with it. */
  readonly written: Uint8Array;
}

/** What one client's commands do to reservations, and what it is to be told of its own. */
export class Reserving {
  readonly #context: IscsiContext;
  readonly #port: InitiatorPort;
  /** By unit: what its next command ends with. */
  readonly #attentions = new Map<string, SenseCode>();

  constructor(context: IscsiContext, port: InitiatorPort) {
    this.#context = context;
    this.#port = port;
  }

  attend(lun: string, sense: SenseCode): void {
    this.#attentions.set(lun, sense);
  }

  get hasAttention(): boolean {
    return this.#attentions.size > 0;
  }

  /** What the client has to be told instead of what it asks for: that once. */
  attention(lun: Buffer, command: Uint8Array): SenseCode | undefined {
    if (UNATTENDED.has(command[0]!)) return undefined;
    const unit = lun.toString('hex');
    const sense = this.#attentions.get(unit);
    this.#attentions.delete(unit);
    return sense;
  }

  /** Why no server is to be told of it; undefined: one is. */
  refusal({ lun, command }: ReservingCommand): SenseCode | undefined {
    if (command[0] !== PERSISTENT_RESERVE_OUT) return undefined;
    const action = actionOf(command);
    // It names another initiator port, in ways that only its server can tell.
    if (action === ACTION.registerAndMove) return WRONG_FIELD;
    const isToRegister = action === ACTION.register || action === ACTION.registerAnyhow;
    const { reservations } = this.#context;
    return isToRegister && !reservations.mayRegister(this.#port, lun.toString('hex'))
      ? NO_ROOM_FOR_REGISTRATIONS
      : undefined;
  }

  /** Undefined: its server may be told of it at once; else after that. */
  intends({ lun, command, written }: ReservingCommand): Promise<void> | undefined {
    const out = outIn(command, written);
    return out && this.#context.reservations.intends(this.#port, lun.toString('hex'), out);
  }

  /** Its server has carried it out. The client hears of it after that. */
  async did({ lun, command, written }: ReservingCommand): Promise<void> {
    const { reservations } = this.#context;
    const unit = lun.toString('hex');
    const scsi2 = scsi2Of(command[0]!);
    if (scsi2 !== undefined) reservations.reserved(this.#port, unit, scsi2 === 'reserve');
    const out = outIn(command, written);
    if (out !== undefined) await reservations.did(this.#port, unit, out);
  }

  /** Its server has not carried it out. */
  async refused({ lun, command, written }: ReservingCommand): Promise<void> {
    const out = outIn(command, written);
    if (out !== undefined)
      await this.#context.reservations.refused(this.#port, lun.toString('hex'), out);
  }

  /** Its server may have carried it out. Whoever is out by that is told, too. */
  mayHaveDone({ lun, command, written }: ReservingCommand): void {
    const { reservations, nexuses } = this.#context;
    const out = outIn(command, written);
    if (out === undefined) return;
    const unit = lun.toString('hex');
    for (const name of reservations.mayHaveDone(this.#port, unit, out)) {
      nexuses.at(name)?.attend(unit, REGISTRATION_PREEMPTED);
    }
  }
}

function outIn(command: Uint8Array, written: Uint8Array): PersistentOut | undefined {
  return command[0] === PERSISTENT_RESERVE_OUT ? persistentOutIn(command, written) : undefined;
}
