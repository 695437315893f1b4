import type { Pdu } from '../../../core/iscsi/pdu.js';
import {
  AT,
  DATA_IN,
  FINAL,
  HAS_STATUS,
  READS,
  SCSI_COMMAND,
  SCSI_RESPONSE,
  flagsOf,
  headOf,
  opcodeOf,
  wholeOf,
} from '../../../core/iscsi/pdu.js';
import type { SenseCode } from '../../../core/iscsi/scsi.js';
import { senseIn } from '../../../core/iscsi/scsi.js';
import type { BackTask, Said } from './back-task.js';

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
}

export interface AsksServer {
  ask(task: BackTask): void;
}

/** Undefined: the session is over before an answer. */
export function askServer(
  back: AsksServer,
  { lun, command, readBytesMax }: OwnCommand,
): Promise<CommandAnswer | undefined> {
  return new Promise((resolve) => {
    const pieces: Uint8Array[] = [];
    let length = 0;
    back.ask({
      say: (): Said => {
        const head = headOf(SCSI_COMMAND, FINAL | (readBytesMax > 0 ? READS : 0));
        head.set(lun, AT.lun);
        head.set(command, AT.command);
        head.writeUInt32BE(readBytesMax, AT.expectedLength);
        return { head };
      },
      answered: (pdu: Pdu) => {
        const opcode = opcodeOf(pdu);
        if (opcode === DATA_IN) {
          length += pdu.dataLength;
          if (length <= readBytesMax) pieces.push(...pdu.data);
          if ((flagsOf(pdu) & HAS_STATUS) === 0) return;
        }
        const isResponse = opcode === SCSI_RESPONSE;
        resolve({
          status: isResponse || opcode === DATA_IN ? pdu.head[AT.status]! : 0xff,
          sense: isResponse ? senseIn(wholeOf(pdu.data)) : undefined,
          data: wholeOf(pieces),
        });
      },
      lost: () => {
        resolve(undefined);
      },
      again: () => {
        resolve(undefined);
      },
      refusedThere: () => {
        resolve(undefined);
      },
    });
  });
}
