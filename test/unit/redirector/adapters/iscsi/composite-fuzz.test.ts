import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  AT,
  DATA_OUT,
  FINAL,
  NOTHING,
  SCSI_COMMAND,
  TASK_MANAGEMENT,
  headOf,
  immediate,
  piecesOf,
} from '../../../../../core/iscsi/pdu.js';
import type { Geometry } from '../../../../../redirector/adapters/iscsi/composite/geometry.js';
import { blocksOf, layoutOf } from '../../../../../redirector/adapters/iscsi/composite/layout.js';
import { planOf } from '../../../../../redirector/adapters/iscsi/composite/plan.js';
import { selfAnswer } from '../../../../../redirector/adapters/iscsi/composite/self.js';
import { WriteData } from '../../../../../redirector/adapters/iscsi/write-data.js';
import { blockCommandOf } from '../../../../../core/iscsi/blocks.js';
import { unmapRangesIn } from '../../../../../core/iscsi/unmap.js';
import { fuzzRuns } from '../../../../support/fuzz.js';
import { UnitsWorld, VOLUMES, placeOf } from '../../../../support/iscsi/units-world.js';
import { r } from '../../../../support/names.js';

const BLOCK = 512;
const OPERATIONS = [
  ...[0x00, 0x03, 0x08, 0x0a, 0x12, 0x1a, 0x25, 0x28, 0x2a, 0x35, 0x41, 0x42, 0x5a],
  ...[0x88, 0x8a, 0x91, 0x93, 0x9e, 0xa0, 0xa8, 0xaa, 0x5f, 0x89],
];

/** Of a known operation, with anything behind it; or with small numbers, so that it may be carried out. */
const command = fc.oneof(
  fc
    .tuple(fc.constantFrom(...OPERATIONS), fc.uint8Array({ minLength: 15, maxLength: 15 }))
    .map(([operation, rest]) => Buffer.from([operation, ...rest])),
  fc
    .tuple(fc.constantFrom(...OPERATIONS), fc.nat(60), fc.nat(20), fc.constantFrom(0, 1, 8, 0x10))
    .map(([operation, lba, blocks, flags]) =>
      Buffer.from([operation, flags, 0, 0, 0, lba, 0, 0, blocks, lba, 0, 0, 0, blocks, 0, 0]),
    ),
);

function geometryOf(stripeBlocks: number | undefined, parts: readonly number[]): Geometry {
  const layout = layoutOf(stripeBlocks, parts);
  return {
    ...{ layout, blocks: blocksOf(layout), blockBytes: BLOCK, transferBlocksMax: 64, mode: 0x10 },
    provisioning: { commands: 0xe0, readsZeros: true, unmapBlocksMax: 1000, unmapRangesMax: 4 },
  };
}

describe('any command at all for a composite', () => {
  it('is refused, or comes to commands that stay within its parts', () => {
    const asked = fc.record({
      command,
      flags: fc.constantFrom(0x80, 0xa0, 0xc0, 0xe0),
      expected: fc.oneof(fc.nat(40_000), fc.nat(0xffff_ffff)),
      list: fc.uint8Array({ maxLength: 100 }),
      stripe: fc.option(fc.integer({ min: 1, max: 8 }), { nil: undefined }),
      parts: fc.array(fc.integer({ min: 8, max: 60 }), { minLength: 2, maxLength: 4 }),
    });
    let carriedOut = 0;
    fc.assert(
      fc.property(asked, ({ command: given, flags, expected, list, stripe, parts }) => {
        const geometry = geometryOf(stripe, parts);
        const head = headOf(SCSI_COMMAND, flags, 1);
        head.set(given, AT.command);
        head.writeUInt32BE(expected, AT.expectedLength);
        const pdu = { head, extra: NOTHING, dataLength: 0, data: [] };
        selfAnswer(given, { serial: '3000000000000000' }, geometry);
        const plan = planOf(geometry, pdu);
        if (!('orders' in plan)) return;
        expect(plan.readBytes).toBeLessThanOrEqual(Math.min(expected, 64 * BLOCK));
        expect(plan.writtenBytes).toBeLessThanOrEqual(Math.max(4104, 64 * BLOCK));
        const written = new WriteData();
        const bytes = Buffer.alloc(plan.writtenBytes);
        bytes.set(list.subarray(0, bytes.length));
        written.add([bytes]);
        const orders = plan.orders(written);
        if (typeof orders[0] === 'number') return;
        let read = 0;
        for (const order of orders) {
          if (typeof order === 'number') throw new Error('half a sense code');
          const blocks = geometry.layout.partBlocks[order.part]!;
          const range = blockCommandOf(Buffer.from(order.command));
          const list = unmapRangesIn(Buffer.concat(order.written));
          const ranges =
            order.command[0] === 0x42 ? (list ?? []) : range === undefined ? [] : [range];
          for (const each of ranges) expect(each.lba + each.blocks).toBeLessThanOrEqual(blocks);
          read += order.readBytes;
          carriedOut += 1;
        }
        expect(read).toBe(Math.ceil(plan.readBytes / BLOCK) * BLOCK);
      }),
      fuzzRuns(100_000),
    );
    expect(carriedOut).toBeGreaterThan(1000);
  });

  it('harms no other session, and leaves nothing behind', async () => {
    const pdu = fc.oneof(
      fc
        .record({
          command,
          flags: fc.constantFrom(0x80, 0xa0, 0xc0),
          lun: fc.nat(3),
          tag: fc.nat(4),
          expected: fc.nat(40_000),
          isUrgent: fc.boolean(),
          data: fc.uint8Array({ maxLength: 1024 }),
        })
        .map(({ command: given, flags, lun, tag, expected, isUrgent, data }) => {
          const head = headOf(SCSI_COMMAND, flags, tag);
          head.set(given, AT.command);
          head[AT.lun + 1] = lun;
          head.writeUInt32BE(expected, AT.expectedLength);
          if (isUrgent) immediate(head);
          return { head, data };
        }),
      fc
        .record({ asked: fc.nat(9), lun: fc.nat(3), task: fc.nat(4) })
        .map(({ asked, lun, task }) => {
          const head = immediate(headOf(TASK_MANAGEMENT, FINAL | asked, 20 + task));
          head[AT.lun + 1] = lun;
          head.writeUInt32BE(task, AT.transfer);
          return { head, data: NOTHING };
        }),
      fc
        .record({ tag: fc.nat(4), transfer: fc.nat(3), data: fc.uint8Array({ maxLength: 600 }) })
        .map(({ tag, transfer, data }) => {
          const head = headOf(DATA_OUT, FINAL, tag);
          head.writeUInt32BE(transfer, AT.transfer);
          return { head, data };
        }),
    );
    const stripeBytes = 8 * BLOCK;
    const world = await UnitsWorld.start(
      [
        { lun: 0, place: placeOf('vol-3') },
        { lun: 1, stripeBytes, parts: [placeOf('vol-1'), placeOf('vol-2')] },
      ],
      { blocks: 64 },
    );
    const other = await world.loggedIn('iqn.2026-01.test:other');
    await fc.assert(
      fc.asyncProperty(fc.array(pdu, { maxLength: 12 }), async (all) => {
        const hostile = await world.loggedIn('iqn.2026-01.test:hostile');
        for (const { head, data } of all) {
          hostile.write(...piecesOf(hostile.numbered(Buffer.from(head)), [data]));
        }
        await world.clock.advance(30);
        hostile.close();
        await world.clock.advance(20);
        expect(other.isClosed).toBe(false);
      }),
      fuzzRuns(1000),
    );
    expect(await world.of(other.read(0, 4))).toHaveLength(4 * BLOCK);
    other.close();
    await world.clock.advance(30_000);
    expect(world.adapter.counters).toMatchObject({ connections: 0, commands: 0 });
    expect(world.adapter.counters).toMatchObject({ compositeBytes: 0, keptBytes: 0 });
    for (const volume of VOLUMES) expect(world.gate.inFlight(r(volume))).toBe(0);
    expect(world.faults).toEqual([]);
  });
});
