import type { BlockRange } from '../../../../core/iscsi/blocks.js';

/** Where the blocks of a composite are: one part after another, or in stripes over all of them in turn. */
export interface Layout {
  /** Undefined: one after another. */
  readonly stripeBlocks: number | undefined;
  /** What each part gives to it. Of stripes all give the same, in whole stripes. */
  readonly partBlocks: readonly number[];
}

/** What one part has of a range: without a gap there, if perhaps in stripes for the client. */
export interface Run extends BlockRange {
  readonly part: number;
}

/** Of a run: where it belongs in the range, in blocks from the beginning of that. */
export interface Piece {
  readonly at: number;
  readonly blocks: number;
}

/** @param partBlocks what each part has */
export function layoutOf(stripeBlocks: number | undefined, partBlocks: readonly number[]): Layout {
  if (stripeBlocks === undefined) return { stripeBlocks, partBlocks };
  const least = Math.min(...partBlocks);
  const whole = least - (least % stripeBlocks);
  return { stripeBlocks, partBlocks: partBlocks.map(() => whole) };
}

export function blocksOf({ partBlocks }: Layout): number {
  return partBlocks.reduce((sum, blocks) => sum + blocks, 0);
}

/** At most one of each part, in their order. */
export function runsOf(layout: Layout, { lba, blocks }: BlockRange): Run[] {
  const runs: Run[] = [];
  for (let part = 0; part < layout.partBlocks.length; part++) {
    const from = blocksBefore(layout, part, lba);
    const to = blocksBefore(layout, part, lba + blocks);
    if (to > from) runs.push({ part, lba: from, blocks: to - from });
  }
  return runs;
}

/** In their order in the run. */
export function piecesOf(layout: Layout, run: Run, { lba }: BlockRange): Piece[] {
  const { stripeBlocks, partBlocks } = layout;
  if (stripeBlocks === undefined) {
    return [{ at: startOf(layout, run.part) + run.lba - lba, blocks: run.blocks }];
  }
  const rowBlocks = stripeBlocks * partBlocks.length;
  const pieces: Piece[] = [];
  const end = run.lba + run.blocks;
  for (let block = run.lba; block < end;) {
    const inStripe = block % stripeBlocks;
    const blocks = Math.min(stripeBlocks - inStripe, end - block);
    const row = Math.floor(block / stripeBlocks);
    pieces.push({ at: row * rowBlocks + run.part * stripeBlocks + inStripe - lba, blocks });
    block += blocks;
  }
  return pieces;
}

/** How many of a part's blocks come before that block of the composite. */
function blocksBefore(layout: Layout, part: number, block: number): number {
  const { stripeBlocks, partBlocks } = layout;
  if (stripeBlocks === undefined) {
    return clamp(block - startOf(layout, part), partBlocks[part]!);
  }
  const rowBlocks = stripeBlocks * partBlocks.length;
  const rows = Math.floor(block / rowBlocks);
  return rows * stripeBlocks + clamp((block % rowBlocks) - part * stripeBlocks, stripeBlocks);
}

function startOf({ partBlocks }: Layout, part: number): number {
  let start = 0;
  for (let before = 0; before < part; before++) start += partBlocks[before]!;
  return start;
}

function clamp(value: number, max: number): number {
  return Math.max(0, Math.min(max, value));
}
