import {
  BLOCK_LIMITS,
  CACHING,
  GOOD,
  MODE_SENSE_6,
  PROVISIONING,
  capacityCommand,
  commandOf,
  pageCommand,
} from '../../../../core/iscsi/scsi.js';
import { wholeOf } from '../../../../core/iscsi/pdu.js';
import type { Layout } from './layout.js';
import { blocksOf, layoutOf } from './layout.js';
import type { Part, PartAnswer, PartCommand } from './part-nexus.js';

/** What a composite is made of, as its parts say. */
export interface Geometry {
  readonly layout: Layout;
  readonly blocks: number;
  readonly blockBytes: number;
  /** Of one command. */
  readonly transferBlocksMax: number;
  /** In a mode header: whether it is write protected, and takes DPO and FUA. */
  readonly mode: number;
  /** What UNMAP and WRITE SAME may do; all 0: not that. */
  readonly provisioning: Provisioning;
}

export interface Provisioning {
  /** Of VPD page B2h: which commands unmap. */
  readonly commands: number;
  readonly readsZeros: boolean;
  readonly unmapBlocksMax: number;
  readonly unmapRangesMax: number;
}

/** Of a part. */
interface Facts extends Provisioning {
  readonly blocks: number;
  readonly blockBytes: number;
  /** Infinity: it names none. */
  readonly transferBlocksMax: number;
  readonly mode: number;
}

/** Why it cannot be served. */
export type Unusable = 'blockSizesDiffer' | 'tooSmall' | 'notUnderstood';

const CAPACITY_BYTES = 32;
const PAGE_BYTES = 64;
/** MODE SENSE: without block descriptors. */
const NO_BLOCKS = 0x08;
const WRITE_PROTECTED = 0x80;
export const TAKES_DPO_AND_FUA = 0x10;
const CANNOT_UNMAP: Provisioning = {
  ...{ commands: 0, readsZeros: false, unmapBlocksMax: 0, unmapRangesMax: 0 },
};
const RANGES_MAX = 256;

export interface Wanted {
  readonly stripeBytes: number | undefined;
  readonly requestBytesMax: number;
}

/**
 * Asks every part what it is. A part's answer: one that does not answer as it should; or why they do not go together.
 */
export async function readGeometry(
  parts: readonly Part[],
  wanted: Wanted,
): Promise<Geometry | PartAnswer | Unusable> {
  const all = await Promise.all(parts.map((part) => factsOf(part)));
  const failed = all.find((facts): facts is PartAnswer => facts !== undefined && 'status' in facts);
  if (failed !== undefined) return failed;
  if (!all.every((facts): facts is Facts => facts !== undefined)) return 'notUnderstood';
  return geometryOf(all, wanted);
}

function geometryOf(
  all: readonly Facts[],
  { stripeBytes, requestBytesMax }: Wanted,
): Geometry | Unusable {
  const blockBytes = all[0]?.blockBytes ?? 0;
  if (all.some((facts) => facts.blockBytes !== blockBytes)) return 'blockSizesDiffer';
  const stripeBlocks = stripeBytes === undefined ? undefined : stripeBytes / blockBytes;
  // Stripes of less than a block, or of parts of one.
  if (stripeBlocks !== undefined && !Number.isInteger(stripeBlocks)) return 'blockSizesDiffer';
  const layout = layoutOf(
    stripeBlocks,
    all.map(({ blocks }) => blocks),
  );
  const blocks = blocksOf(layout);
  if (blocks === 0) return 'tooSmall';
  const least = (of: (facts: Facts) => number): number => Math.min(...all.map(of));
  const commands = all.reduce((both, facts) => both & facts.commands, 0xff);
  return {
    ...{ layout, blocks, blockBytes },
    transferBlocksMax: Math.min(
      Math.floor(requestBytesMax / blockBytes),
      least(({ transferBlocksMax }) => transferBlocksMax),
    ),
    mode:
      (all.reduce((any, facts) => any | facts.mode, 0) & WRITE_PROTECTED) |
      (all.reduce((both, facts) => both & facts.mode, 0xff) & TAKES_DPO_AND_FUA),
    provisioning:
      commands === 0
        ? CANNOT_UNMAP
        : {
            commands,
            readsZeros: all.every(({ readsZeros }) => readsZeros),
            unmapBlocksMax: least(({ unmapBlocksMax }) => unmapBlocksMax),
            unmapRangesMax: Math.min(
              RANGES_MAX,
              least(({ unmapRangesMax }) => unmapRangesMax),
            ),
          },
  };
}

/** Undefined: that is no answer of a disk. */
async function factsOf(part: Part): Promise<Facts | PartAnswer | undefined> {
  const capacity = await asked(part, capacityCommand(CAPACITY_BYTES), CAPACITY_BYTES);
  if (!('data' in capacity)) return capacity;
  const { data } = capacity;
  if (data.length < 12) return undefined;
  const blocks = Number(data.readBigUInt64BE(0)) + 1;
  const blockBytes = data.readUInt32BE(8);
  if (blockBytes === 0 || !Number.isSafeInteger(blocks)) return undefined;
  const page = await pageOf(part, BLOCK_LIMITS);
  const limit = (at: number): number =>
    (page.length >= at + 4 ? page.readUInt32BE(at) : 0) || Infinity;
  const mode = await asked(part, commandOf(MODE_SENSE_6, NO_BLOCKS, CACHING, 0, 192), 192);
  const isThin = (data[14] ?? 0) >= 0x80;
  const thin = isThin ? await pageOf(part, PROVISIONING) : Buffer.alloc(0);
  return {
    ...{ blocks, blockBytes, transferBlocksMax: limit(8) },
    mode: 'data' in mode ? (mode.data[2] ?? 0) : 0,
    commands: (thin[5] ?? 0) & 0xe0,
    readsZeros: isThin && ((data[14] ?? 0) & 0x40) !== 0,
    // Beyond all 32 bits there is no more.
    unmapBlocksMax: Math.min(limit(20), 0xffff_ffff),
    unmapRangesMax: limit(24),
  };
}

/** Empty: it has none. */
async function pageOf(part: Part, page: number): Promise<Buffer> {
  const answer = await asked(part, pageCommand(page, PAGE_BYTES), PAGE_BYTES);
  return 'data' in answer && answer.data[1] === page ? answer.data : Buffer.alloc(0);
}

function asked(
  part: Part,
  command: PartCommand['command'],
  readBytes: number,
): Promise<{ readonly data: Buffer } | PartAnswer> {
  return new Promise((resolve) => {
    const pieces: Uint8Array[] = [];
    part.run(
      { command, readBytes, written: [] },
      {
        read: (data) => {
          pieces.push(...data);
        },
        ended: (answer) => {
          resolve(answer.status === GOOD ? { data: Buffer.from(wholeOf(pieces)) } : answer);
        },
      },
    );
  });
}
