import { AT } from './pdu.js';
import { LIST_HEAD_BYTES, listedIn } from './scsi.js';

/* Logical unit numbers as they stand in headers (SAM-5): 8 bytes, of which targets with one level use two. */

/** Those that have one byte are all that we give. */
export const LUN_MAX = 255;
export const LUN_BYTES = 8;

const FLAT = 0x40;

/** Undefined: it is none of one level. */
export function lunOf(head: Buffer): number | undefined {
  for (let at = AT.lun + 2; at < AT.lun + LUN_BYTES; at++) if (head[at] !== 0) return undefined;
  const first = head[AT.lun]!;
  if (first !== 0 && (first & 0xc0) !== FLAT) return undefined;
  return ((first & 0x3f) << 8) | head[AT.lun + 1]!;
}

/** @param lun up to LUN_MAX */
export function writeLun(head: Buffer, lun: number): void {
  head.fill(0, AT.lun, AT.lun + LUN_BYTES);
  head[AT.lun + 1] = lun;
}

/** As it stands there. */
export function lunBytesOf(head: Buffer): Buffer {
  return head.subarray(AT.lun, AT.lun + LUN_BYTES);
}

export function copyLun(from: Buffer, to: Buffer): void {
  from.copy(to, AT.lun, AT.lun, AT.lun + LUN_BYTES);
}

/** The data of REPORT LUNS. */
export function lunList(luns: readonly number[]): Buffer {
  const data = Buffer.alloc(LIST_HEAD_BYTES + luns.length * LUN_BYTES);
  data.writeUInt32BE(luns.length * LUN_BYTES, 0);
  for (const [nth, lun] of luns.entries()) data[LIST_HEAD_BYTES + nth * LUN_BYTES + 1] = lun;
  return data;
}

/** The LUNs in such data, as they stand in headers. */
export function lunsIn(data: Uint8Array): Buffer[] {
  return listedIn(data, 0, LUN_BYTES);
}
