import type { BlockCommand, BlockRange } from '../../../../core/iscsi/blocks.js';
import {
  NO_DATA,
  PASSES_CACHES,
  PROTECTS,
  blockCommandOf,
  commandFor,
} from '../../../../core/iscsi/blocks.js';
import type { Pdu } from '../../../../core/iscsi/pdu.js';
import { AT, commandIn, readLengthOf, wholeOf, writeLengthOf } from '../../../../core/iscsi/pdu.js';
import type { SenseCode } from '../../../../core/iscsi/scsi.js';
import {
  BEYOND_THE_END,
  NO_SUCH_COMMAND,
  TEST_UNIT_READY,
  UNMAP,
  WRONG_FIELD,
  WRONG_PARAMETERS,
  commandOf,
} from '../../../../core/iscsi/scsi.js';
import { unmapList, unmapRangesIn } from '../../../../core/iscsi/unmap.js';
import type { WriteData } from '../write-data.js';
import type { Geometry } from './geometry.js';
import { TAKES_DPO_AND_FUA } from './geometry.js';
import { piecesOf, runsOf } from './layout.js';
import type { PartCommand } from './part-nexus.js';
import type { Stretch } from './read-data.js';

/** What one part is told of a command. */
export interface Order extends PartCommand {
  readonly part: number;
  /** Where what it reads belongs in what the client reads. */
  readonly stretches: readonly Stretch[];
}

/** What becomes of a client's command. */
export interface Plan {
  /** The client gets so much, if it is done. */
  readonly readBytes: number;
  /** So much must have come from the client first. */
  readonly writtenBytes: number;
  /** What the command itself says that it moves; the client may expect more or less. */
  readonly movedBytes: number;
  /** What parts are told, all at the same time. A sense code: what the client wrote is none. */
  orders(written: WriteData): readonly Order[] | SenseCode;
}

/** Of UNMAP: its list. */
const LIST_BYTES_MAX = 4104;
const IMMEDIATELY = 0x02;

/** A sense code: it cannot be done. */
export function planOf(geometry: Geometry, pdu: Pdu): Plan | SenseCode {
  const command = commandIn(pdu);
  if (command[0] === TEST_UNIT_READY) return toAll(geometry, commandOf(TEST_UNIT_READY));
  if (command[0] === UNMAP) return unmapping(geometry, pdu);
  const asked = blockCommandOf(command);
  if (asked === undefined) return NO_SUCH_COMMAND;
  if (asked.lba + asked.blocks > geometry.blocks) return BEYOND_THE_END;
  if (asked.kind === 'synchronize') {
    // All that was written, also beside the range, which costs nobody his data.
    const { kind, flags } = asked;
    return toAll(geometry, commandFor({ kind, flags: flags & IMMEDIATELY, lba: 0, blocks: 0 }));
  }
  if ((asked.flags & PROTECTS) !== 0) return WRONG_FIELD;
  if (asked.kind === 'writeSame') return writingSame(geometry, asked);
  const takesAll = (geometry.mode & TAKES_DPO_AND_FUA) !== 0;
  if ((asked.flags & PASSES_CACHES) !== 0 && !takesAll) return WRONG_FIELD;
  if (asked.blocks > geometry.transferBlocksMax) return WRONG_FIELD;
  return asked.kind === 'read' ? reading(geometry, asked, pdu) : writing(geometry, asked, pdu);
}

function toAll({ layout }: Geometry, command: Buffer): Plan {
  return {
    ...{ readBytes: 0, writtenBytes: 0, movedBytes: 0 },
    orders: () =>
      layout.partBlocks.map((_, part) => ({
        ...{ part, command, readBytes: 0, written: [], stretches: [] },
      })),
  };
}

function reading(geometry: Geometry, asked: BlockCommand, pdu: Pdu): Plan {
  const { blockBytes } = geometry;
  const movedBytes = asked.blocks * blockBytes;
  const readBytes = Math.min(readLengthOf(pdu), movedBytes);
  const range = { lba: asked.lba, blocks: Math.ceil(readBytes / blockBytes) };
  return {
    ...{ readBytes, writtenBytes: 0, movedBytes },
    orders: () =>
      ordersOf(geometry, asked, range).map(({ order, stretches, bytes }) => ({
        ...order,
        ...{ readBytes: bytes, written: [], stretches },
      })),
  };
}

function writing(geometry: Geometry, asked: BlockCommand, pdu: Pdu): Plan {
  const { blockBytes } = geometry;
  const movedBytes = asked.blocks * blockBytes;
  // Of a block that the client does not write whole, nothing is written.
  const blocks = Math.floor(Math.min(writeLengthOf(pdu), movedBytes) / blockBytes);
  const range = { lba: asked.lba, blocks };
  return {
    ...{ readBytes: 0, writtenBytes: blocks * blockBytes, movedBytes },
    orders: (written) =>
      ordersOf(geometry, asked, range).map(({ order, stretches }) => ({
        ...order,
        ...{ readBytes: 0, stretches: [] },
        written: stretches.flatMap(({ at, bytes }) => written.slice(at, at + bytes)),
      })),
  };
}

function writingSame(geometry: Geometry, asked: BlockCommand): Plan | SenseCode {
  if (asked.blocks === 0) return WRONG_FIELD;
  const hasData = (asked.flags & NO_DATA) === 0;
  const writtenBytes = hasData ? geometry.blockBytes : 0;
  return {
    ...{ readBytes: 0, writtenBytes, movedBytes: writtenBytes },
    orders: (written) => {
      if (written.end < writtenBytes) return WRONG_FIELD;
      const block = hasData ? written.slice(0, writtenBytes) : [];
      return runsOf(geometry.layout, asked).map(({ part, lba, blocks }) => ({
        ...{ part, readBytes: 0, written: block, stretches: [] },
        command: commandFor({ ...asked, lba, blocks }),
      }));
    },
  };
}

function unmapping(geometry: Geometry, pdu: Pdu): Plan | SenseCode {
  const { provisioning, blocks, layout } = geometry;
  const length = pdu.head.readUInt16BE(AT.command + 7);
  if (provisioning.commands === 0) return NO_SUCH_COMMAND;
  if (length > LIST_BYTES_MAX) return WRONG_FIELD;
  const writtenBytes = Math.min(length, writeLengthOf(pdu));
  return {
    ...{ readBytes: 0, writtenBytes, movedBytes: length },
    orders: (written) => {
      const ranges = unmapRangesIn(Buffer.from(wholeOf(written.slice(0, writtenBytes))));
      if (ranges === undefined || ranges.length > provisioning.unmapRangesMax) {
        return WRONG_PARAMETERS;
      }
      if (ranges.some((range) => range.lba + range.blocks > blocks)) return BEYOND_THE_END;
      const total = ranges.reduce((sum, range) => sum + range.blocks, 0);
      if (total > provisioning.unmapBlocksMax) return WRONG_PARAMETERS;
      return layout.partBlocks.flatMap((_, part) => unmapOf(geometry, part, ranges));
    },
  };
}

/** Nothing, if the part has none of these. */
function unmapOf({ layout }: Geometry, part: number, ranges: readonly BlockRange[]): Order[] {
  const own = ranges.flatMap((range) => runsOf(layout, range).filter((run) => run.part === part));
  if (own.length === 0) return [];
  const list = unmapList(own);
  const command = commandOf(UNMAP, 0, 0, 0, 0, 0, 0, list.length >> 8, list.length & 0xff);
  return [{ part, command, readBytes: 0, written: [list], stretches: [] }];
}

function ordersOf(
  { layout, blockBytes }: Geometry,
  { kind, flags }: BlockCommand,
  range: BlockRange,
): {
  readonly order: Pick<Order, 'part' | 'command'>;
  readonly stretches: readonly Stretch[];
  readonly bytes: number;
}[] {
  return runsOf(layout, range).map((run) => {
    const { part, lba, blocks } = run;
    const stretches = piecesOf(layout, run, range).map((piece) => ({
      at: piece.at * blockBytes,
      bytes: piece.blocks * blockBytes,
    }));
    const command = commandFor({ kind, flags, lba, blocks });
    return { order: { part, command }, stretches, bytes: blocks * blockBytes };
  });
}
