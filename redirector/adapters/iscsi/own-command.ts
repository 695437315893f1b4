import type { Pdu } from '../../../core/iscsi/pdu.js';
import {
  AT,
  DATA_IN,
  DATA_OUT,
  FINAL,
  HAS_STATUS,
  NOTHING,
  READY_TO_TRANSFER,
  SCSI_RESPONSE,
  commandHead,
  flagsOf,
  headOf,
  opcodeOf,
  wholeOf,
} from '../../../core/iscsi/pdu.js';
import type { SenseCode } from '../../../core/iscsi/scsi.js';
import { CHECK_CONDITION, isUnitAttention, senseIn } from '../../../core/iscsi/scsi.js';
import type { BackTask, Said } from './back-task.js';

/** A unit may have several to tell of. */
const ATTENTIONS_MAX = 8;

export interface CommandAnswer {
  readonly status: number;
  readonly sense: SenseCode | undefined;
  readonly data: Uint8Array;
}

/** What we ask a server ourselves. Never what a client gave. */
export interface OwnCommand {
  readonly lun: Uint8Array;
  readonly command: Uint8Array;
  readonly readBytesMax: number;
  /** Instead of reading: so little that it fits into one PDU. */
  readonly written?: Uint8Array;
}

export interface AsksServer {
  /** In the data of a command. */
  readonly immediateBytesMax: number;
  ask(task: BackTask): void;
  /** Of a task that was sent. */
  write(head: Buffer, data: readonly Uint8Array[]): void;
}

/** Undefined: the session is over before an answer. */
export function askServer(
  back: AsksServer,
  command: OwnCommand,
): Promise<CommandAnswer | undefined> {
  return new Promise((resolve) => {
    back.ask(new OwnTask(back, command, resolve));
  });
}

/** The same, past what the unit has to tell a nexus first. */
export async function askPatiently(
  back: AsksServer,
  command: OwnCommand,
): Promise<CommandAnswer | undefined> {
  for (let times = 0; ; times++) {
    const answer = await askServer(back, command);
    const isAttention = answer?.status === CHECK_CONDITION && isUnitAttention(answer.sense);
    if (!isAttention || times >= ATTENTIONS_MAX) return answer;
  }
}

class OwnTask implements BackTask {
  readonly #back: AsksServer;
  readonly #command: OwnCommand;
  readonly #resolve: (answer: CommandAnswer | undefined) => void;
  readonly #pieces: Uint8Array[] = [];
  #length = 0;
  #tag = 0;

  constructor(
    back: AsksServer,
    command: OwnCommand,
    resolve: (answer: CommandAnswer | undefined) => void,
  ) {
    this.#back = back;
    this.#command = command;
    this.#resolve = resolve;
  }

  say(tag: number): Said {
    const { lun, command, readBytesMax, written = NOTHING } = this.#command;
    this.#tag = tag;
    const head = commandHead(command, { readBytes: readBytesMax, writtenBytes: written.length });
    head.set(lun, AT.lun);
    // What does not fit is asked for.
    return { head, data: [written.subarray(0, this.#back.immediateBytesMax)] };
  }

  answered(pdu: Pdu): void {
    const opcode = opcodeOf(pdu);
    if (opcode === READY_TO_TRANSFER) {
      this.#give(pdu);
      return;
    }
    if (opcode === DATA_IN) {
      this.#length += pdu.dataLength;
      if (this.#length <= this.#command.readBytesMax) this.#pieces.push(...pdu.data);
      if ((flagsOf(pdu) & HAS_STATUS) === 0) return;
    }
    const isResponse = opcode === SCSI_RESPONSE;
    this.#resolve({
      status: isResponse || opcode === DATA_IN ? pdu.head[AT.status]! : 0xff,
      sense: isResponse ? senseIn(wholeOf(pdu.data)) : undefined,
      data: wholeOf(this.#pieces),
    });
  }

  lost(): void {
    this.#resolve(undefined);
  }

  again(): void {
    this.#resolve(undefined);
  }

  refusedThere(): void {
    this.#resolve(undefined);
  }

  #give({ head: asked }: Pdu): void {
    const { lun, written = NOTHING } = this.#command;
    const at = asked.readUInt32BE(AT.offset);
    const head = headOf(DATA_OUT, FINAL, this.#tag);
    head.set(lun, AT.lun);
    head.writeUInt32BE(asked.readUInt32BE(AT.transfer), AT.transfer);
    head.writeUInt32BE(at, AT.offset);
    this.#back.write(head, [written.subarray(at, at + asked.readUInt32BE(AT.desiredLength))]);
  }
}
