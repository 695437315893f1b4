import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { MessageMemory } from '../../../../core/net/message-memory.js';
import type { RecordLimits, RpcRecord } from '../../../../core/onc-rpc/record.js';
import {
  FRONT_BYTES,
  RecordReader,
  keptOf,
  marked,
  wholeOf,
} from '../../../../core/onc-rpc/record.js';
import { fuzzRuns } from '../../../support/fuzz.js';
import { cut, isReadLent } from '../../../support/pieces.js';

/** The messages that are found, and whether all was sound. */
function read(
  pieces: readonly Uint8Array[],
  limits: Partial<RecordLimits> = {},
): { readonly messages: string[]; readonly isSound: boolean; readonly fronts: number[] } {
  const reader = new RecordReader(limits);
  const messages: string[] = [];
  const fronts: number[] = [];
  for (const piece of pieces) {
    const isSound = reader.read(piece, (record) => {
      messages.push(Buffer.from(wholeOf(record)).toString('hex'));
      fronts.push(record.front.length);
      expect(wholeOf(record)).toHaveLength(record.length);
    });
    if (!isSound) return { messages, isSound, fronts };
  }
  return { messages, isSound: true, fronts };
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

/** One message in fragments of these lengths; what is left is the last. */
function fragmented(message: Uint8Array, lengths: readonly number[]): Buffer {
  const parts: Uint8Array[] = [];
  let at = 0;
  const add = (length: number, isLast: boolean): void => {
    const mark = Buffer.alloc(4);
    mark.writeUInt32BE(length + (isLast ? 0x8000_0000 : 0));
    parts.push(mark, message.subarray(at, at + length));
    at += length;
  };
  for (const length of lengths) if (at + length < message.length) add(length, false);
  add(message.length - at, true);
  return Buffer.concat(parts);
}

const messageOf = fc.uint8Array({ maxLength: 6000 });
const cuts = fc.array(fc.nat(20_000), { maxLength: 12 });
const lengths = fc.array(fc.nat(900), { maxLength: 8 });

describe('records of RPC', () => {
  it('are found however they are cut into fragments and packets', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(messageOf, lengths), { maxLength: 4 }), cuts, (all, at) => {
        const stream = Buffer.concat(all.map(([message, parts]) => fragmented(message, parts)));
        expect(read(cut(stream, at))).toMatchObject({
          isSound: true,
          messages: all.map(([message]) => hex(message)),
        });
      }),
      fuzzRuns(10_000),
    );
  });

  it('have their front in one piece, as far as anybody has to read', () => {
    const message = new Uint8Array(100_000).map((_, at) => at % 251);
    const bytewise = Array.from(marked(message), (byte) => Uint8Array.of(byte));
    const { fronts, messages } = read(bytewise);
    expect(messages).toEqual([hex(message)]);
    expect(fronts).toEqual([FRONT_BYTES]);
  });

  it.each([
    ['stay as they came, whatever becomes of what was lent', false],
    ['may be lent where they came at once, and be kept by who wants to', true],
  ])('%s; long ones lie in a block', (_, lends) => {
    let lentOnes = 0;
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.nat(200), fc.integer({ min: 30_000, max: 120_000 })), {
          maxLength: 5,
        }),
        fc.array(fc.nat(400_000), { maxLength: 12 }),
        (sizes, at) => {
          const all = sizes.map((length, nth) =>
            new Uint8Array(length).map((_, place) => (place * 7 + nth) % 251),
          );
          const memory = new MessageMemory();
          const reader = new RecordReader({}, memory, lends);
          const found: RpcRecord[] = [];
          const stream = Buffer.concat(all.map(marked));
          for (const piece of cut(stream, at)) {
            const isSound = isReadLent(reader, piece, (record) => {
              lentOnes += record.isLent === true ? 1 : 0;
              found.push(keptOf(record));
            });
            expect(isSound).toBe(true);
          }
          expect(found.map((record) => hex(wholeOf(record)))).toEqual(all.map(hex));
          for (const { length, block } of found) expect(block !== undefined).toBe(length >= 32_768);
          expect(memory.arrivingBytes).toBe(0);
        },
      ),
      fuzzRuns(100),
    );
    expect(lentOnes > 0).toBe(lends);
  });

  it('that are long come in pieces where there is no room for another block, and nothing is left of half a one', () => {
    const memory = new MessageMemory({ arrivingBytesMax: 64 << 10 });
    const bulk = marked(new Uint8Array(60_000).fill(7));
    const half = new RecordReader({}, memory);
    half.read(bulk.subarray(0, 30_000), () => undefined);
    expect(half.readsInto()).toHaveLength(60_004 - 30_000);
    let found: RpcRecord | undefined;
    new RecordReader({}, memory).read(bulk, (record) => (found = record));
    expect(found?.block).toBeUndefined();
    expect(hex(wholeOf(found!))).toBe('07'.repeat(60_000));
    half.stop();
    expect(memory).toMatchObject({ arrivingBytes: 0, freeBytes: 64 << 10 });
  });

  it('may be empty', () => {
    expect(read([Buffer.from('80000000', 'hex')])).toMatchObject({ isSound: true, messages: [''] });
  });

  it('are refused beyond the limits, before their bytes come', () => {
    const mark = (length: number): Buffer => {
      const bytes = Buffer.alloc(4);
      bytes.writeUInt32BE(length);
      return bytes;
    };
    expect(read([mark(0x8000_0000 + 1001)], { recordBytesMax: 1000 }).isSound).toBe(false);
    expect(read([mark(1000)], { recordBytesMax: 1000 }).isSound).toBe(true);
    const two = Buffer.concat([mark(600), Buffer.alloc(600), mark(600)]);
    expect(read([two], { recordBytesMax: 1000 }).isSound).toBe(false);
    const many = Buffer.concat(Array.from({ length: 11 }, () => mark(0)));
    expect(read([many], { fragmentsMax: 10 }).isSound).toBe(false);
    expect(read([many.subarray(4)], { fragmentsMax: 10 }).isSound).toBe(true);
  });

  it('of any bytes at all are read to an end, and nothing longer than allowed is kept', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), cuts, (bytes, at) => {
        const reader = new RecordReader({ recordBytesMax: 64, fragmentsMax: 4 });
        for (const piece of cut(bytes, at)) {
          const isSound = reader.read(piece, ({ length }) => {
            expect(length).toBeLessThanOrEqual(64);
          });
          if (!isSound) return;
          expect(reader.keptBytes).toBeLessThanOrEqual(64);
        }
      }),
      fuzzRuns(100_000),
    );
  });
});
