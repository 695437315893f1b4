/* SCSI commands for a range of blocks (SBC-4), in all their lengths. */

export interface BlockRange {
  readonly lba: number;
  readonly blocks: number;
}

export type BlockKind = 'read' | 'write' | 'writeSame' | 'synchronize';

export interface BlockCommand extends BlockRange {
  readonly kind: BlockKind;
  /** Of its second byte. */
  readonly flags: number;
}

/** Of `flags`: protection information, which is not of ours. */
export const PROTECTS = 0xe0;
/** The same, of those that read and write: past caches, or not to be kept in them. */
export const PASSES_CACHES = 0x18;
/** WRITE SAME (16): there is no block in its data, zeros are meant. */
export const NO_DATA = 0x01;

type Form = 6 | 10 | 12 | 16;

const COMMANDS: ReadonlyMap<number, readonly [BlockKind, Form]> = new Map([
  [0x08, ['read', 6]],
  [0x28, ['read', 10]],
  [0xa8, ['read', 12]],
  [0x88, ['read', 16]],
  [0x0a, ['write', 6]],
  [0x2a, ['write', 10]],
  [0xaa, ['write', 12]],
  [0x8a, ['write', 16]],
  [0x41, ['writeSame', 10]],
  [0x93, ['writeSame', 16]],
  [0x35, ['synchronize', 10]],
  [0x91, ['synchronize', 16]],
]);

const SHORT: Readonly<Record<BlockKind, number>> = {
  ...{ read: 0x28, write: 0x2a, writeSame: 0x41, synchronize: 0x35 },
};
const LONG: Readonly<Record<BlockKind, number>> = {
  ...{ read: 0x88, write: 0x8a, writeSame: 0x93, synchronize: 0x91 },
};

const RANGES: Readonly<Record<Form, (command: Buffer) => BlockRange>> = {
  6: (command) => ({
    lba: command.readUIntBE(1, 3) & 0x1f_ffff,
    blocks: command[4] === 0 ? 256 : command[4]!,
  }),
  10: (command) => ({ lba: command.readUInt32BE(2), blocks: command.readUInt16BE(7) }),
  12: (command) => ({ lba: command.readUInt32BE(2), blocks: command.readUInt32BE(6) }),
  16: (command) => ({
    lba: Number(command.readBigUInt64BE(2)),
    blocks: command.readUInt32BE(10),
  }),
};

/** Undefined: it is another. An LBA beyond 2^53 comes out inexact, and beyond every end. */
export function blockCommandOf(command: Buffer): BlockCommand | undefined {
  const found = COMMANDS.get(command[0]!);
  if (found === undefined) return undefined;
  const [kind, form] = found;
  return { kind, flags: form === 6 ? 0 : command[1]!, ...RANGES[form](command) };
}

/** In the shortest form of those that every server knows. 16 bytes. */
export function commandFor({ kind, flags, lba, blocks }: BlockCommand): Buffer {
  const command = Buffer.alloc(16);
  const needsLong =
    lba + blocks > 2 ** 32 || blocks > 0xffff || (kind === 'writeSame' && (flags & NO_DATA) !== 0);
  command[1] = flags;
  if (needsLong) {
    command[0] = LONG[kind];
    command.writeBigUInt64BE(BigInt(lba), 2);
    command.writeUInt32BE(blocks, 10);
  } else {
    command[0] = SHORT[kind];
    command.writeUInt32BE(lba, 2);
    command.writeUInt16BE(blocks, 7);
  }
  return command;
}
