import type { Block } from '../net/block.js';

/* What goes over an iSCSI connection (RFC 7143 §11): a header of 48 bytes, perhaps more headers, and data. */

export const HEAD_BYTES = 48;

/** Of the first byte; whoever starts something says 0x00 and on, whoever answers 0x20 and on. */
export const NOP_OUT = 0x00;
export const SCSI_COMMAND = 0x01;
export const TASK_MANAGEMENT = 0x02;
export const LOGIN = 0x03;
export const TEXT = 0x04;
export const DATA_OUT = 0x05;
export const LOGOUT = 0x06;
export const NOP_IN = 0x20;
export const SCSI_RESPONSE = 0x21;
export const TASK_MANAGEMENT_RESPONSE = 0x22;
export const LOGIN_RESPONSE = 0x23;
export const TEXT_RESPONSE = 0x24;
export const DATA_IN = 0x25;
export const LOGOUT_RESPONSE = 0x26;
export const READY_TO_TRANSFER = 0x31;
export const ASYNC_MESSAGE = 0x32;
export const REJECT = 0x3f;

const OPCODE = 0x3f;
const IMMEDIATE = 0x40;

/** Of the second byte. */
export const FINAL = 0x80;
/** SCSI Command. */
export const READS = 0x40;
export const WRITES = 0x20;
/** Data-In: the status is in it, and no response follows. */
export const HAS_STATUS = 0x01;
/** Residuals, in Data-In and SCSI Response. */
export const RESIDUALS = 0x1e;
/** Text and Login: more of the same text follows. */
export const CONTINUES = 0x40;

/** Login: its stages, of which two stand in the flags: where it is, and where it goes. */
export const STAGE = { security: 0, operational: 1, fullFeature: 3 } as const;

/** No task, or no transfer. */
export const NO_TAG = 0xffff_ffff;

/** Where the fields of the header are. */
export const AT = {
  flags: 1,
  response: 2,
  status: 3,
  lun: 8,
  task: 16,
  /** Of whoever answers; of a task that is referred to. */
  transfer: 20,
  /** Of a SCSI Command: how much it wants to read or write. */
  expectedLength: 20,
  /** From whoever starts something: CmdSN, ExpStatSN; the answers: StatSN, ExpCmdSN, MaxCmdSN. */
  commandNumber: 24,
  expectedStatusNumber: 28,
  statusNumber: 24,
  expectedCommandNumber: 28,
  commandNumberMax: 32,
  command: 32,
  referredCommandNumber: 32,
  /** DataSN, R2TSN; of a SCSI Response: how many of these there were. */
  dataNumber: 36,
  offset: 40,
  residual: 44,
  desiredLength: 44,
} as const;

export interface Pdu {
  /** 48 bytes, of nobody else: they may be changed. */
  readonly head: Buffer;
  /** Additional header segments, with their padding. */
  readonly extra: Uint8Array;
  readonly dataLength: number;
  /** As they came, without the padding. */
  readonly data: readonly Uint8Array[];
  /** All of them lie there. Whoever has the PDU may leave it once nobody reads its data any more; unless it is left, it stays. */
  readonly block?: Block | undefined;
}

export const NOTHING = new Uint8Array(0);

export function opcodeOf({ head }: Pick<Pdu, 'head'>): number {
  return head[0]! & OPCODE;
}

export function isImmediate({ head }: Pick<Pdu, 'head'>): boolean {
  return (head[0]! & IMMEDIATE) !== 0;
}

export function flagsOf({ head }: Pick<Pdu, 'head'>): number {
  return head[AT.flags]!;
}

/** Of a login request or its answer. */
export function stagesOf(pdu: Pick<Pdu, 'head'>): { readonly at: number; readonly to: number } {
  const flags = flagsOf(pdu);
  return { at: (flags >> 2) & 3, to: flags & 3 };
}

export function taskTagOf({ head }: Pick<Pdu, 'head'>): number {
  return head.readUInt32BE(AT.task);
}

/** What a SCSI Command asks for: 16 bytes of it. */
export function commandIn({ head }: Pick<Pdu, 'head'>): Buffer {
  return head.subarray(AT.command, AT.command + 16);
}

/** How much it wants to read or to write. */
export function expectedLengthOf({ head }: Pick<Pdu, 'head'>): number {
  return head.readUInt32BE(AT.expectedLength);
}

/** How much it wants to read; 0: it does not. */
export function readLengthOf(pdu: Pick<Pdu, 'head'>): number {
  return (flagsOf(pdu) & READS) !== 0 ? expectedLengthOf(pdu) : 0;
}

/** How much it wants to write; 0: it does not. */
export function writeLengthOf(pdu: Pick<Pdu, 'head'>): number {
  return (flagsOf(pdu) & WRITES) !== 0 ? expectedLengthOf(pdu) : 0;
}

/** A header with nothing in it but these. */
export function headOf(opcode: number, flags = FINAL, task = NO_TAG): Buffer {
  // Of Node's pool: an array of its own costs more than all that is done with it.
  const head = Buffer.allocUnsafe(HEAD_BYTES).fill(0);
  head[0] = opcode;
  head[AT.flags] = flags;
  head.writeUInt32BE(task, AT.task);
  return head;
}

/** Of a SCSI Command of ours, which reads or writes so much. */
export function commandHead(
  command: Uint8Array,
  { readBytes, writtenBytes }: { readonly readBytes: number; readonly writtenBytes: number },
  task = NO_TAG,
): Buffer {
  const direction = writtenBytes > 0 ? WRITES : readBytes > 0 ? READS : 0;
  const head = headOf(SCSI_COMMAND, FINAL | direction, task);
  head.set(command, AT.command);
  head.writeUInt32BE(writtenBytes > 0 ? writtenBytes : readBytes, AT.expectedLength);
  return head;
}

export function immediate(head: Buffer): Buffer {
  head[0]! |= IMMEDIATE;
  return head;
}

/** What follows data whose length is no multiple of four. */
const PADDING = [0, 3, 2, 1].map((length) => new Uint8Array(length));

export function paddingBytes(length: number): number {
  return -length & 3;
}

/** The header's lengths are made right; what comes out is what to send. */
export function piecesOf(
  head: Buffer,
  data: readonly Uint8Array[] = [],
  extra: Uint8Array = NOTHING,
): Uint8Array[] {
  const dataLength = lengthOf(data);
  head[4] = extra.length >> 2;
  head.writeUIntBE(dataLength, 5, 3);
  const pieces: Uint8Array[] = extra.length > 0 ? [head, extra] : [head];
  for (const piece of data) if (piece.length > 0) pieces.push(piece);
  const padding = PADDING[dataLength & 3]!;
  if (padding.length > 0) pieces.push(padding);
  return pieces;
}

export function lengthOf(pieces: readonly Uint8Array[]): number {
  let length = 0;
  for (const piece of pieces) length += piece.length;
  return length;
}

/** A part of what lies in pieces, without copying it. */
export function sliceOf(pieces: readonly Uint8Array[], from: number, to: number): Uint8Array[] {
  const found: Uint8Array[] = [];
  let at = 0;
  for (const piece of pieces) {
    const begin = Math.max(0, from - at);
    const end = Math.min(piece.length, to - at);
    if (begin < end) found.push(piece.subarray(begin, end));
    at += piece.length;
    if (at >= to) break;
  }
  return found;
}

/** In one piece; for what is small. */
export function wholeOf(pieces: readonly Uint8Array[]): Uint8Array {
  const [first = NOTHING, ...others] = pieces;
  return others.length === 0 ? first : Buffer.concat(pieces);
}

/** The next tag after the last one that none of these has. */
export function freeTag(last: number, taken: { has(tag: number): boolean }): number {
  let tag = next(last);
  while (tag === NO_TAG || taken.has(tag)) tag = next(tag);
  return tag;
}

/** Whether one number comes before another where they start again at zero (RFC 1982). */
export function isBefore(a: number, b: number): boolean {
  return a !== b && (b - a) >>> 0 < 0x8000_0000;
}

export function next(number: number, by = 1): number {
  return (number + by) >>> 0;
}
