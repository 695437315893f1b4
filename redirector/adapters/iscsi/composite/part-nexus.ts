import { writeLun } from '../../../../core/iscsi/lun.js';
import type { Pdu } from '../../../../core/iscsi/pdu.js';
import {
  AT,
  DATA_IN,
  HAS_STATUS,
  NOTHING,
  RESIDUALS,
  SCSI_RESPONSE,
  commandHead,
  freeTag,
  lengthOf,
  opcodeOf,
  taskTagOf,
  wholeOf,
} from '../../../../core/iscsi/pdu.js';
import type { SenseCode } from '../../../../core/iscsi/scsi.js';
import { ABORTED, CHECK_CONDITION, senseIn } from '../../../../core/iscsi/scsi.js';
import type { ClientLeg } from '../client-leg.js';
import type { Agreed } from '../negotiation.js';
import type { Nexus } from '../nexus.js';
import { FIRST_BURST_BYTES, MAX_BURST_BYTES } from '../options.js';
import type { RoutedSession } from '../session-leg.js';
import { SessionLeg } from '../session-leg.js';

export interface PartAnswer {
  readonly status: number;
  readonly sense: SenseCode | undefined;
  /** It has moved another amount of data than it was to. */
  readonly hasResidual: boolean;
}

/** Who gives a command to a part, as the initiator that it is to it. */
export interface PartCommandUser {
  /** The next that it reads, in its order. */
  read(data: readonly Uint8Array[]): void;
  /** It hears no more then. */
  ended(answer: PartAnswer): void;
}

export interface PartCommand {
  readonly command: Uint8Array;
  readonly readBytes: number;
  /** All that it writes. */
  readonly written: readonly Uint8Array[];
}

/** What our sessions at the servers of parts keep to. */
export const PART_AGREED: Agreed = {
  dataBytesMax: FIRST_BURST_BYTES,
  burstBytesMax: MAX_BURST_BYTES,
  firstBurstBytesMax: FIRST_BURST_BYTES,
  hasImmediateData: true,
};

/** What we have not asked for, or cannot understand. */
const FAILED: PartAnswer = { status: CHECK_CONDITION, sense: ABORTED, hasResidual: true };

/**
 * A nexus whose LUNs are parts of composites: its commands are ours, made of those of the client, and its answers are not the
 * client's but of whoever has made them. All data that a command writes are given with it: so nothing that is in the gate, or at a
 * server, waits for anything but that server.
 */
export class PartNexus extends SessionLeg {
  readonly nexus: Nexus;
  readonly #users = new Map<number, PartCommandUser>();
  #tag = 0;

  constructor(session: RoutedSession, make: (client: ClientLeg) => Nexus) {
    super(session);
    this.nexus = make(this);
  }

  /** @returns its tag in the nexus */
  run(
    serverLun: number,
    { command, readBytes, written }: PartCommand,
    user: PartCommandUser,
  ): number {
    const tag = (this.#tag = freeTag(this.#tag, this.#users));
    const writtenBytes = lengthOf(written);
    const head = commandHead(command, { readBytes, writtenBytes }, tag);
    writeLun(head, serverLun);
    this.#users.set(tag, user);
    this.nexus.command({ head, extra: NOTHING, dataLength: writtenBytes, data: written });
    return tag;
  }

  /** It is not heard of any more. */
  forget(tag: number): void {
    this.#users.delete(tag);
  }

  /* ---- as the client of its nexus ---- */

  protected answer(head: Buffer, data: readonly Uint8Array[]): void {
    const tag = head.readUInt32BE(AT.task);
    const user = this.#users.get(tag);
    if (user === undefined) return;
    const opcode = opcodeOf({ head });
    const hasStatus = opcode === SCSI_RESPONSE || (head[AT.flags]! & HAS_STATUS) !== 0;
    if (opcode === DATA_IN) user.read(data);
    if (!hasStatus) return;
    this.#users.delete(tag);
    const sense = opcode === SCSI_RESPONSE ? senseIn(wholeOf(data)) : undefined;
    const hasResidual = (head[AT.flags]! & RESIDUALS) !== 0;
    user.ended({ status: head[AT.status]!, sense, hasResidual });
  }

  /** It has all that it could ask for. */
  ask(head: Buffer): void {
    this.#fail(head.readUInt32BE(AT.task));
  }

  protected refuse(pdu: Pdu): void {
    this.#fail(taskTagOf(pdu));
  }

  breach(): void {
    // Nothing that the client says comes here.
  }

  #fail(tag: number): void {
    const user = this.#users.get(tag);
    this.#users.delete(tag);
    user?.ended(FAILED);
  }
}

/** One LUN at the servers of a nexus, as a part of a composite. */
export class Part {
  readonly #nexus: PartNexus;
  readonly #serverLun: number;

  constructor(nexus: PartNexus, serverLun: number) {
    this.#nexus = nexus;
    this.#serverLun = serverLun;
  }

  run(command: PartCommand, user: PartCommandUser): number {
    return this.#nexus.run(this.#serverLun, command, user);
  }

  forget(tag: number): void {
    this.#nexus.forget(tag);
  }

  /** A task management request of the client, as it is for this part. `task`: of an abort. */
  management(pdu: Pdu, task?: number): { readonly carrier: Nexus; readonly pdu: Pdu } {
    const head = Buffer.from(pdu.head);
    writeLun(head, this.#serverLun);
    if (task !== undefined) head.writeUInt32BE(task, AT.transfer);
    return { carrier: this.#nexus.nexus, pdu: { ...pdu, head } };
  }
}
