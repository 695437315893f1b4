import { createHash } from 'node:crypto';
import {
  BLOCK_LIMITS,
  CACHING,
  IDENTIFICATION,
  MODE_SENSE_10,
  MODE_SENSE_6,
  PROVISIONING,
  SERIAL_NUMBER,
  SPC_4,
} from '../../../../core/iscsi/scsi.js';
import type { Geometry } from './geometry.js';

/* What a composite says of itself (SPC-4, SBC-4), since no server knows of it. */

/** Tells it from all other units: the same after each start and at each redirector, whatever its parts do. */
export interface Identity {
  /** 16 hexadecimal digits. */
  readonly serial: string;
}

const VENDOR = 'FRSHIFT ';
const PRODUCT = 'COMPOSITE VOLUME';
const REVISION = '1   ';
const DISK = 0x00;
/** Of the format of what INQUIRY says; LUNs in one level and in several. */
const RESPONSE_FORMAT = 0x12;
const COMMAND_QUEUEING = 0x02;
/** What it keeps to: SPC-4, SBC-3, iSCSI. */
const STANDARDS = [0x0460, 0x04c0, 0x0960];

export function identityOf(target: string, lun: number): Identity {
  const digest = createHash('sha256').update(`${target} ${lun}`).digest('hex');
  // Locally assigned (NAA 3h): of the 64 bits, 4 say so.
  return { serial: `3${digest.slice(0, 15)}` };
}

export function standardInquiry(): Buffer {
  const data = Buffer.alloc(74);
  data.set([DISK, 0, SPC_4, RESPONSE_FORMAT, data.length - 5, 0, 0, COMMAND_QUEUEING]);
  data.write(VENDOR + PRODUCT + REVISION, 8, 'latin1');
  for (const [nth, standard] of STANDARDS.entries()) data.writeUInt16BE(standard, 58 + 2 * nth);
  return data;
}

const SUPPORTED = 0x00;
const PAGES = [SUPPORTED, SERIAL_NUMBER, IDENTIFICATION, BLOCK_LIMITS, PROVISIONING];

/** The rest is known by itself. */
export function needsGeometry(page: number): boolean {
  return page === BLOCK_LIMITS || page === PROVISIONING;
}

/** Of vital product data; `geometry` where it is needed. Undefined: there is no such page. */
export function pageOf(
  page: number,
  { serial }: Identity,
  geometry: Geometry | undefined,
): Buffer | undefined {
  switch (page) {
    case SUPPORTED:
      return framed(page, Buffer.from(PAGES));
    case SERIAL_NUMBER:
      return framed(page, Buffer.from(serial, 'latin1'));
    case IDENTIFICATION:
      return framed(page, designators(serial));
    case BLOCK_LIMITS:
      return geometry && framed(page, blockLimits(geometry));
    case PROVISIONING:
      return geometry && framed(page, provisioning(geometry));
    default:
      return undefined;
  }
}

function framed(page: number, data: Buffer): Buffer {
  return Buffer.concat([Buffer.from([DISK, page, data.length >> 8, data.length & 0xff]), data]);
}

function designators(serial: string): Buffer {
  const BINARY = 1;
  const NAA = 3;
  const ASCII = 2;
  const T10_VENDOR = 1;
  const name = Buffer.from(VENDOR + serial, 'latin1');
  return Buffer.concat([
    Buffer.from([BINARY, NAA, 0, serial.length / 2]),
    Buffer.from(serial, 'hex'),
    Buffer.from([ASCII, T10_VENDOR, 0, name.length]),
    name,
  ]);
}

function blockLimits({ layout, transferBlocksMax, provisioning: thin }: Geometry): Buffer {
  const data = Buffer.alloc(60);
  // WRITE SAME of no blocks does not mean all.
  data[0] = 1;
  const { stripeBlocks = 0 } = layout;
  data.writeUInt16BE(stripeBlocks <= 0xffff ? stripeBlocks : 0, 2);
  data.writeUInt32BE(Math.min(transferBlocksMax, 0xffff_ffff), 4);
  data.writeUInt32BE(thin.unmapBlocksMax, 16);
  data.writeUInt32BE(thin.unmapRangesMax, 20);
  return data;
}

function provisioning({ provisioning: { commands } }: Geometry): Buffer {
  const THIN = 2;
  return Buffer.from([0, commands, commands === 0 ? 0 : THIN, 0]);
}

export function capacity10({ blocks, blockBytes }: Geometry): Buffer {
  const data = Buffer.alloc(8);
  data.writeUInt32BE(Math.min(blocks - 1, 0xffff_ffff), 0);
  data.writeUInt32BE(blockBytes, 4);
  return data;
}

export function capacity16({ blocks, blockBytes, provisioning: thin }: Geometry): Buffer {
  const MAY_UNMAP = 0x80;
  const READS_ZEROS = 0x40;
  const data = Buffer.alloc(32);
  data.writeBigUInt64BE(BigInt(blocks - 1), 0);
  data.writeUInt32BE(blockBytes, 8);
  if (thin.commands !== 0) data[14] = MAY_UNMAP | (thin.readsZeros ? READS_ZEROS : 0);
  return data;
}

const CONTROL = 0x0a;
const ALL = 0x3f;
/** Servers may have write caches: initiators are to flush. */
const WRITE_CACHE = 0x04;
const MODE_PAGES: ReadonlyMap<number, Buffer> = new Map([
  [CACHING, modePage(CACHING, 18, WRITE_CACHE)],
  [CONTROL, modePage(CONTROL, 10, 0)],
]);

function modePage(page: number, length: number, first: number): Buffer {
  const data = Buffer.alloc(2 + length);
  data.set([page, length, first]);
  return data;
}

/** Undefined: it has no such page, or not what is asked for of it. */
export function modeSense(command: Buffer, { mode }: Geometry): Buffer | undefined {
  const control = command[2]! >> 6;
  const page = command[2]! & 0x3f;
  const SAVED = 3;
  const CHANGEABLE = 1;
  const found = page === ALL ? [...MODE_PAGES.values()] : [MODE_PAGES.get(page)];
  if (control === SAVED || found.includes(undefined)) return undefined;
  const pages = (found as readonly Buffer[]).map((each) =>
    // Of which nothing can be changed.
    control === CHANGEABLE ? modePage(each[0]!, each[1]!, 0) : each,
  );
  const data = Buffer.concat(pages);
  const head = Buffer.alloc(command[0] === MODE_SENSE_6 ? 4 : 8);
  const length = head.length + data.length;
  if (command[0] === MODE_SENSE_10) {
    head.writeUInt16BE(length - 2, 0);
    head[3] = mode;
  } else {
    head[0] = length - 1;
    head[2] = mode;
  }
  return Buffer.concat([head, data]);
}
