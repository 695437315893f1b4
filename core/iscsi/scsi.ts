import { AT, FINAL, NOTHING, SCSI_RESPONSE, headOf } from './pdu.js';

/* As much of SCSI (SPC-4, SBC-3) as it takes to carry commands from server to server. */

export const GOOD = 0x00;
export const CHECK_CONDITION = 0x02;
export const BUSY = 0x08;

export const TEST_UNIT_READY = 0x00;
export const REQUEST_SENSE = 0x03;
export const INQUIRY = 0x12;
export const READ_CAPACITY_10 = 0x25;
/** With its service action. */
export const READ_CAPACITY_16 = 0x9e;
export const READ_CAPACITY_ACTION = 0x10;
export const UNMAP = 0x42;
export const MODE_SENSE_6 = 0x1a;
export const MODE_SENSE_10 = 0x5a;
export const REPORT_LUNS = 0xa0;

/** Pages of vital product data, which INQUIRY asks for. */
export const SERIAL_NUMBER = 0x80;
export const IDENTIFICATION = 0x83;
export const BLOCK_LIMITS = 0xb0;
export const PROVISIONING = 0xb2;
/** A mode page, which all disks have if they have any. */
export const CACHING = 0x08;
/** What an answer to INQUIRY keeps to. */
export const SPC_4 = 0x06;

const NOT_READY = 0x02;
const ILLEGAL_REQUEST = 0x05;
const ABORTED_COMMAND = 0x0b;
const UNIT_ATTENTION = 0x06;

/** Sense key, additional code and qualifier. */
export type SenseCode = readonly [key: number, code: number, qualifier: number];
/** The command may have been carried out or not. */
export const NEXUS_LOST: SenseCode = [UNIT_ATTENTION, 0x29, 0x07];
export const LUN_NOT_READY: SenseCode = [NOT_READY, 0x04, 0x00];
/** Somebody has to do something about it. */
export const LUN_UNUSABLE: SenseCode = [NOT_READY, 0x04, 0x03];
/** With nothing more to say. */
export const ABORTED: SenseCode = [ABORTED_COMMAND, 0x00, 0x00];
export const NO_SUCH_COMMAND: SenseCode = [ILLEGAL_REQUEST, 0x20, 0x00];
export const BEYOND_THE_END: SenseCode = [ILLEGAL_REQUEST, 0x21, 0x00];
export const WRONG_FIELD: SenseCode = [ILLEGAL_REQUEST, 0x24, 0x00];
export const NO_SUCH_LUN: SenseCode = [ILLEGAL_REQUEST, 0x25, 0x00];
export const WRONG_PARAMETERS: SenseCode = [ILLEGAL_REQUEST, 0x26, 0x00];
export const NO_ROOM_FOR_REGISTRATIONS: SenseCode = [ILLEGAL_REQUEST, 0x55, 0x04];
/** Somebody else has it, or nobody: whoever had it has to look. */
export const RESERVATION_PREEMPTED: SenseCode = [UNIT_ATTENTION, 0x2a, 0x03];
export const RESERVATION_RELEASED: SenseCode = [UNIT_ATTENTION, 0x2a, 0x04];
export const REGISTRATION_PREEMPTED: SenseCode = [UNIT_ATTENTION, 0x2a, 0x05];

const SENSE_BYTES = 18;

/** Of residuals: more was there than the client has room for, or less. */
const OVERFLOW = 0x04;
const UNDERFLOW = 0x02;

/** Of the type of a designator, and of the identifier in it. */
const NAA = 3;
const NAA_LOCAL = 3;

/** The data of a SCSI Response: the length of the sense, and it, in its fixed form. */
export function senseData([key, code, qualifier]: SenseCode): Buffer {
  const data = Buffer.alloc(2 + SENSE_BYTES);
  data.writeUInt16BE(SENSE_BYTES, 0);
  const sense = data.subarray(2);
  sense[0] = 0x70;
  sense[2] = key;
  sense[7] = SENSE_BYTES - 8;
  sense[12] = code;
  sense[13] = qualifier;
  return data;
}

/** Undefined: there is none in the data of this response. */
export function senseIn(data: Uint8Array): SenseCode | undefined {
  const sense = data.subarray(2);
  const form = sense[0]! & 0x7f;
  if (sense.length >= 14 && (form === 0x70 || form === 0x71)) {
    return [sense[2]! & 0x0f, sense[12]!, sense[13]!];
  }
  if (sense.length >= 4 && (form === 0x72 || form === 0x73)) {
    return [sense[1]! & 0x0f, sense[2]!, sense[3]!];
  }
  return undefined;
}

/** What clients know of the size of a unit by now may be of the past. */
export function saysThatSizeChanged([key, code, qualifier]: SenseCode): boolean {
  return key === UNIT_ATTENTION && code === 0x2a && qualifier === 0x09;
}

export function isUnitAttention(sense: SenseCode | undefined): boolean {
  return sense?.[0] === UNIT_ATTENTION;
}

/** What clients know of the LUNs by now may be of the past. */
export function saysThatLunsChanged(sense: SenseCode): boolean {
  return saysThatSizeChanged(sense) || (sense[0] === UNIT_ATTENTION && sense[1] === 0x3f);
}

/** The answer to a command that no server gives. Bytes: what was expected, and what could be moved. */
export function ownResponse(task: number, status: number, expected: number, moved = 0): Buffer {
  const head = headOf(SCSI_RESPONSE, FINAL, task);
  head[AT.status] = status;
  writeResidual(head, expected, moved);
  return head;
}

/** What could be moved against what was expected, as it stands in an answer: into the header, and its flags. */
export function writeResidual(head: Buffer, expected: number, moved: number): void {
  if (expected === moved) return;
  head[AT.flags]! |= moved > expected ? OVERFLOW : UNDERFLOW;
  head.writeUInt32BE(Math.abs(moved - expected), AT.residual);
}

/**
 * What a command does if it is carried out twice. `same`: what it would have done once; `ambiguous`: perhaps not, so whoever
 * gave it has to find out.
 */
export type Again = 'same' | 'ambiguous';

/** That look only, or write what stands in them to where they say. */
const SAME = new Set([
  ...[0x00, 0x03, 0x08, 0x0a, 0x12, 0x15, 0x1a, 0x1b, 0x1c, 0x1e],
  ...[0x25, 0x28, 0x2a, 0x2e, 0x2f, 0x34, 0x35, 0x37, 0x3c, 0x41, 0x42, 0x43, 0x4d],
  ...[0x55, 0x5a, 0x5e, 0x88, 0x8a, 0x8e, 0x8f, 0x90, 0x91, 0x93, 0x9b, 0x9e],
  ...[0xa0, 0xa3, 0xa8, 0xaa, 0xae, 0xaf, 0xb7],
]);

export function againOf(operation: number): Again {
  return SAME.has(operation) ? 'same' : 'ambiguous';
}

/** Of 16 bytes, or of 6 and 10 with zeros after them. */
export function commandOf(...bytes: readonly number[]): Buffer {
  const command = Buffer.alloc(16);
  command.set(bytes);
  return command;
}

/** What INQUIRY asks for. `page`: of vital product data; undefined: what it always says. */
export function inquiryIn(command: Buffer): {
  readonly page: number | undefined;
  readonly allocation: number;
} {
  const asksForPage = (command[1]! & 1) !== 0;
  return { page: asksForPage ? command[2]! : undefined, allocation: command.readUInt16BE(3) };
}

/** INQUIRY for a page of vital product data. */
export function pageCommand(page: number, allocation: number): Buffer {
  return commandOf(INQUIRY, 1, page, allocation >> 8, allocation & 0xff);
}

/** READ CAPACITY (16). */
export function capacityCommand(allocation: number): Buffer {
  const command = commandOf(READ_CAPACITY_16, READ_CAPACITY_ACTION);
  command[13] = allocation;
  return command;
}

/** Before the first of a list. */
export const LIST_HEAD_BYTES = 8;

/**
 * What stands in data that are a list, each of so many bytes. `lengthAt`: where in its head the length of what follows stands. What
 * is cut off does not count.
 */
export function listedIn(data: Uint8Array, lengthAt: number, eachBytes: number): Buffer[] {
  const bytes = Buffer.from(data);
  if (bytes.length < LIST_HEAD_BYTES) return [];
  const end = Math.min(bytes.length, LIST_HEAD_BYTES + bytes.readUInt32BE(lengthAt));
  const found: Buffer[] = [];
  for (let at = LIST_HEAD_BYTES; at + eachBytes <= end; at += eachBytes) {
    found.push(bytes.subarray(at, at + eachBytes));
  }
  return found;
}

/**
 * What VPD page 83h says of the logical unit itself; other designators are of ports and devices, which differ. So do identifiers that
 * are assigned locally (SPC-4 §7.8.6.6.4): tgtd makes one of the number that the target happens to have there.
 */
export function unitDesignators(page: Uint8Array): Uint8Array {
  const found: Uint8Array[] = [];
  let at = 4;
  while (at + 4 <= page.length) {
    const end = at + 4 + page[at + 3]!;
    const association = (page[at + 1]! >> 4) & 3;
    const isLocal = (page[at + 1]! & 0xf) === NAA && (page[at + 4] ?? 0) >> 4 === NAA_LOCAL;
    if (association === 0 && !isLocal) found.push(page.subarray(at, end));
    at = end;
  }
  return found.length === 0 ? NOTHING : Buffer.concat(found);
}
