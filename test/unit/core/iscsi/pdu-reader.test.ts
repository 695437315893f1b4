import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Pdu } from '../../../../core/iscsi/pdu.js';
import { headOf, lengthOf, piecesOf, sliceOf, wholeOf } from '../../../../core/iscsi/pdu.js';
import { MessageMemory } from '../../../../core/net/message-memory.js';
import type { PduLimits } from '../../../../core/iscsi/pdu-reader.js';
import { PduReader } from '../../../../core/iscsi/pdu-reader.js';
import { fuzzRuns } from '../../../support/fuzz.js';
import { cut, isReadLent } from '../../../support/pieces.js';

const LIMITS = { dataBytesMax: 100_000 };

function read(pieces: readonly Uint8Array[], limits: PduLimits | typeof LIMITS = LIMITS) {
  const reader = new PduReader(limits);
  const found: Pdu[] = [];
  const isSound = pieces.every((piece) => reader.read(piece, (pdu) => found.push(pdu)));
  return { found, isSound, keptBytes: reader.keptBytes };
}

const cuts = fc.array(fc.nat(20_000), { maxLength: 12 });
const message = fc.record({
  opcode: fc.nat(0x3f),
  task: fc.nat(0xffff_ffff),
  extraWords: fc.nat(4),
  data: fc.uint8Array({ maxLength: 5000 }),
});

describe('PDUs', () => {
  it('are found however they are cut into packets', () => {
    fc.assert(
      fc.property(fc.array(message, { maxLength: 4 }), cuts, (all, at) => {
        const stream = Buffer.concat(
          all.flatMap(({ opcode, task, extraWords, data }) =>
            piecesOf(headOf(opcode, 0x80, task), [data], new Uint8Array(4 * extraWords).fill(9)),
          ),
        );
        const { found, isSound, keptBytes } = read(cut(stream, at));
        expect(isSound).toBe(true);
        expect(keptBytes).toBe(0);
        expect(
          found.map(({ head, extra, data, dataLength }) => ({
            opcode: head[0],
            task: head.readUInt32BE(16),
            extra: extra.length,
            dataLength,
            data: Buffer.from(wholeOf(data)).toString('hex'),
          })),
        ).toEqual(
          all.map(({ opcode, task, extraWords, data }) => ({
            ...{ opcode, task, extra: 4 * extraWords, dataLength: data.length },
            data: Buffer.from(data).toString('hex'),
          })),
        );
      }),
      fuzzRuns(10_000),
    );
  });

  it('stay as they came, whatever becomes of what was lent, and long data lie in a block', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.nat(200), fc.integer({ min: 30_000, max: 70_000 })), { maxLength: 5 }),
        fc.array(fc.nat(300_000), { maxLength: 12 }),
        (sizes, at) => {
          const all = sizes.map((length, nth) =>
            Buffer.from(new Uint8Array(length).map((_, place) => (place * 7 + nth) % 251)),
          );
          const memory = new MessageMemory();
          const reader = new PduReader(LIMITS, memory);
          const found: Pdu[] = [];
          const stream = Buffer.concat(all.flatMap((data) => piecesOf(headOf(5), [data])));
          for (const piece of cut(stream, at)) {
            expect(isReadLent(reader, piece, (pdu) => found.push(pdu))).toBe(true);
          }
          const isSame = found.map(({ data }, nth) => all[nth]?.equals(wholeOf(data)));
          expect(isSame).toEqual(all.map(() => true));
          for (const { dataLength, block } of found) {
            expect(block !== undefined).toBe(dataLength >= 32_768);
          }
          expect(memory.arrivingBytes).toBe(0);
        },
      ),
      fuzzRuns(200),
    );
  });

  it('have a header that may be changed', () => {
    const stream = Buffer.concat(piecesOf(headOf(1, 0x80, 7)));
    const { found } = read([stream]);
    found[0]?.head.writeUInt32BE(8, 16);
    expect(stream.readUInt32BE(16)).toBe(7);
  });

  it('of a peer that sends bytewise lie in few pieces', () => {
    const stream = Buffer.concat(piecesOf(headOf(5), [new Uint8Array(10_000).fill(7)]));
    const { found } = read(Array.from(stream, (byte) => Uint8Array.of(byte)));
    expect(found[0]?.dataLength).toBe(10_000);
    expect(found[0]?.data.length).toBeLessThanOrEqual(64);
  });

  it('are refused beyond the limits, before their bytes come', () => {
    const long = Buffer.concat(piecesOf(headOf(5), [new Uint8Array(1001)])).subarray(0, 48);
    expect(read([long], { dataBytesMax: 1000, extraBytesMax: 0 }).isSound).toBe(false);
    expect(read([long], { dataBytesMax: 1001, extraBytesMax: 0 }).isSound).toBe(true);
    const extra = Buffer.concat(piecesOf(headOf(1), [], new Uint8Array(8))).subarray(0, 48);
    expect(read([extra], { dataBytesMax: 0, extraBytesMax: 4 }).isSound).toBe(false);
    expect(read([extra], { dataBytesMax: 0, extraBytesMax: 8 }).isSound).toBe(true);
  });

  it('of any bytes at all are read to an end, and nothing longer than allowed is kept', () => {
    const limits = { dataBytesMax: 64, extraBytesMax: 16 };
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), cuts, (bytes, at) => {
        const reader = new PduReader(limits);
        for (const piece of cut(bytes, at)) {
          const isSound = reader.read(piece, ({ dataLength, data, extra }) => {
            expect(dataLength).toBeLessThanOrEqual(64);
            expect(lengthOf(data)).toBe(dataLength);
            expect(extra.length).toBeLessThanOrEqual(16);
          });
          if (!isSound) return;
          expect(reader.keptBytes).toBeLessThanOrEqual(48 + 16 + 64);
        }
      }),
      fuzzRuns(100_000),
    );
  });
});

describe('a slice of data', () => {
  it('is what the slice of the whole is', () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ maxLength: 20 }), { maxLength: 6 }),
        fc.nat(120),
        fc.nat(120),
        (pieces, from, to) => {
          const slice = Buffer.concat(sliceOf(pieces, from, to));
          expect(slice).toEqual(Buffer.concat(pieces).subarray(from, Math.max(from, to)));
        },
      ),
      fuzzRuns(5000),
    );
  });
});
