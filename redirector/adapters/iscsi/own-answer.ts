import type { Pdu } from '../../../core/iscsi/pdu.js';
import {
  AT,
  DATA_IN,
  FINAL,
  HAS_STATUS,
  NO_TAG,
  READS,
  SCSI_RESPONSE,
  flagsOf,
  headOf,
  taskTagOf,
} from '../../../core/iscsi/pdu.js';
import type { SenseCode } from '../../../core/iscsi/scsi.js';
import { CHECK_CONDITION, GOOD, ownResponse, senseData } from '../../../core/iscsi/scsi.js';
import type { ClientLeg } from './client-leg.js';
import type { Agreed } from './negotiation.js';

/* Answers to commands that no server is asked. */

/** Of residuals: more was there than the client has room for, or less. */
const OVERFLOW = 0x04;
const UNDERFLOW = 0x02;

export interface Answering {
  readonly client: ClientLeg;
  readonly agreed: Agreed;
}

/** What the client has asked to read or to write. */
export function expectedLengthOf({ head }: Pick<Pdu, 'head'>): number {
  return head.readUInt32BE(AT.expectedLength);
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

/** What could be moved against what was expected, as it stands in an answer: into the header, and its flags. */
export function writeResidual(head: Buffer, expected: number, moved: number): void {
  if (expected === moved) return;
  head[AT.flags]! |= moved > expected ? OVERFLOW : UNDERFLOW;
  head.writeUInt32BE(Math.abs(moved - expected), AT.residual);
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
  const end = Math.min(moved, (flagsOf(pdu) & READS) !== 0 ? expected : 0);
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
  if (end > 0) return;
  const head = headOf(SCSI_RESPONSE, FINAL, tag);
  head[AT.status] = GOOD;
  writeResidual(head, expected, moved);
  client.send(head);
}

/** Nothing was transferred. */
export function answerStatus(
  { client }: Pick<Answering, 'client'>,
  pdu: Pdu,
  status: number,
  sense?: SenseCode,
): void {
  const head = ownResponse(taskTagOf(pdu), status, expectedLengthOf(pdu));
  client.send(head, sense === undefined ? [] : [senseData(sense)]);
}

export function answerSense(
  answering: Pick<Answering, 'client'>,
  pdu: Pdu,
  sense: SenseCode,
): void {
  answerStatus(answering, pdu, CHECK_CONDITION, sense);
}
