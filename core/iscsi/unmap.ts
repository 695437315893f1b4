import type { BlockRange } from './blocks.js';

/* The parameter list of UNMAP (SBC-4 §5.34): which blocks nobody needs any more. */

const HEAD_BYTES = 8;
const DESCRIPTOR_BYTES = 16;

/** Undefined: it is none. What is cut off in it does not count, as the standard has it. */
export function unmapRangesIn(list: Buffer): BlockRange[] | undefined {
  if (list.length === 0) return [];
  if (list.length < HEAD_BYTES) return undefined;
  const end = Math.min(list.length, HEAD_BYTES + list.readUInt16BE(2));
  const ranges: BlockRange[] = [];
  for (let at = HEAD_BYTES; at + DESCRIPTOR_BYTES <= end; at += DESCRIPTOR_BYTES) {
    const lba = Number(list.readBigUInt64BE(at));
    ranges.push({ lba, blocks: list.readUInt32BE(at + 8) });
  }
  return ranges;
}

export function unmapList(ranges: readonly BlockRange[]): Buffer {
  const list = Buffer.alloc(HEAD_BYTES + ranges.length * DESCRIPTOR_BYTES);
  list.writeUInt16BE(list.length - 2, 0);
  list.writeUInt16BE(list.length - HEAD_BYTES, 2);
  for (const [nth, { lba, blocks }] of ranges.entries()) {
    const at = HEAD_BYTES + nth * DESCRIPTOR_BYTES;
    list.writeBigUInt64BE(BigInt(lba), at);
    list.writeUInt32BE(blocks, at + 8);
  }
  return list;
}
