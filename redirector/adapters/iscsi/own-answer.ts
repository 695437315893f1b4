import type { Pdu } from '../../../core/iscsi/pdu.js';
import {
  AT,
  DATA_IN,
  FINAL,
  HAS_STATUS,
  NO_TAG,
  expectedLengthOf,
  headOf,
  readLengthOf,
  taskTagOf,
} from '../../../core/iscsi/pdu.js';
import type { SenseCode } from '../../../core/iscsi/scsi.js';
import {
  CHECK_CONDITION,
  GOOD,
  ownResponse,
  senseData,
  writeResidual,
} from '../../../core/iscsi/scsi.js';
import type { ClientLeg } from './client-leg.js';
import type { Agreed } from './negotiation.js';

/* Answers to commands that no server is asked. */

export interface Answering {
  readonly client: ClientLeg;
  readonly agreed: Agreed;
}

/** In the data of one PDU to the client, each of which is a burst of its own. */
export function dataInBytesMax({ dataBytesMax, burstBytesMax }: Agreed): number {
  return Math.min(dataBytesMax, burstBytesMax);
}

/** Data-In, without a status. */
export function dataInHead(tag: number, number: number, offset: number): Buffer {
  const head = headOf(DATA_IN, FINAL, tag);
  head.writeUInt32BE(NO_TAG, AT.transfer);
  head.writeUInt32BE(number, AT.dataNumber);
  head.writeUInt32BE(offset, AT.offset);
  return head;
}

/** It is done, and these are the data: as much of them as it has `allocation` for, and the client expects. */
export function answerData(
  { client, agreed }: Answering,
  pdu: Pdu,
  { data, allocation }: { readonly data: Uint8Array; readonly allocation: number },
): void {
  const tag = taskTagOf(pdu);
  const expected = expectedLengthOf(pdu);
  const moved = Math.min(data.length, allocation);
  const end = Math.min(moved, readLengthOf(pdu));
  const most = dataInBytesMax(agreed);
  for (let at = 0, number = 0; at < end; number++) {
    const to = Math.min(end, at + most);
    const head = dataInHead(tag, number, at);
    if (to === end) {
      head[AT.flags]! |= HAS_STATUS;
      writeResidual(head, expected, moved);
    }
    client.send(head, [data.subarray(at, to)]);
    at = to;
  }
  if (end === 0) client.send(ownResponse(tag, GOOD, expected, moved));
}

/** Nothing was transferred. */
export function answerSense(
  { client }: Pick<Answering, 'client'>,
  pdu: Pdu,
  sense: SenseCode,
): void {
  client.send(ownResponse(taskTagOf(pdu), CHECK_CONDITION, expectedLengthOf(pdu)), [
    senseData(sense),
  ]);
}
