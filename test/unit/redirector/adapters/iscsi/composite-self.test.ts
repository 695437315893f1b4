import { describe, expect, it } from '@jest/globals';
import {
  BLOCK,
  CONCATENATED,
  READ,
  STRIPED,
  STRIPE_BLOCKS,
  composite,
  expectQuiet,
  run,
  worldOf,
} from '../../../../support/iscsi/composite-world.js';
import { tenBytes } from '../../../../support/iscsi/initiator.js';
import { VOLUMES } from '../../../../support/iscsi/units-world.js';

describe('what a composite says of itself', () => {
  function inquiry(page: number | undefined): Buffer {
    const command = Buffer.alloc(16);
    command.set([0x12, page === undefined ? 0 : 1, page ?? 0, 0, 255]);
    return command;
  }
  const longCapacity = Buffer.alloc(16);
  longCapacity.set([0x9e, 0x10]);
  longCapacity[13] = 32;

  it('is the sum of its parts, of stripes without what is no whole stripe', async () => {
    for (const [unit, blocks] of [
      [STRIPED, 2 * 256],
      [CONCATENATED, 3 * 256],
      [composite(96 * BLOCK, VOLUMES), 3 * 192],
    ] as const) {
      const { world, initiator } = await worldOf(unit);
      const short = await run(world, initiator, tenBytes(0x25, 0, 0), { readBytes: 8 });
      expect([short?.data.readUInt32BE(0), short?.data.readUInt32BE(4)]).toEqual([blocks - 1, 512]);
      const long = await run(world, initiator, longCapacity, { readBytes: 32 });
      expect([long?.data.readUInt32BE(4), long?.data.readUInt32BE(8)]).toEqual([blocks - 1, 512]);
      expectQuiet(world, initiator);
    }
  });

  it('is an identity of its own, which no part has, and which stays', async () => {
    const { world, initiator } = await worldOf();
    const pages = async (): Promise<Buffer[]> => {
      const all = [undefined, 0x00, 0x80, 0x83].map((page) =>
        run(world, initiator, inquiry(page), { readBytes: 255 }),
      );
      return (await Promise.all(all)).map((outcome) => outcome?.data ?? Buffer.alloc(0));
    };
    const before = await pages();
    // No server was asked.
    expect([...world.targets.s1.sessions, ...world.targets.s2.sessions]).toEqual([]);
    const [standard, supported, serial, identification] = before;
    expect(standard?.subarray(8, 32).toString()).toBe('FRSHIFT COMPOSITE VOLUME');
    expect([...(supported?.subarray(4) ?? [])]).toEqual([0, 0x80, 0x83, 0xb0, 0xb2]);
    expect(serial?.subarray(4).toString()).toMatch(/^3[0-9a-f]{15}$/);
    expect(identification?.subarray(8, 16).toString('hex')).toBe(serial?.subarray(4).toString());
    await world.of(initiator.read(0, 64));
    expect(await world.move(['vol-1', 'vol-2'])).toEqual([]);
    expect(await pages()).toEqual(before);
    const other = await world.loggedIn('iqn.2026-01.test:other');
    const again = await run(world, other, inquiry(0x80), { readBytes: 255 });
    expect(again?.data).toEqual(serial);
  });

  it('is that initiators must flush, and how much they may ask for at once', async () => {
    const { world, initiator } = await worldOf();
    const sense = Buffer.alloc(16);
    sense.set([0x1a, 0, 0x08, 0, 255]);
    const caching = await run(world, initiator, sense, { readBytes: 255 });
    expect([caching?.data[4], (caching?.data[6] ?? 0) & 0x04]).toEqual([0x08, 0x04]);
    const limits = await run(world, initiator, inquiry(0xb0), { readBytes: 255 });
    expect(limits?.data.readUInt32BE(8)).toBe((4 << 20) / 512);
    expect(limits?.data.readUInt16BE(6)).toBe(STRIPE_BLOCKS);
    expectQuiet(world, initiator);
  });

  it('is that it cannot be used, if the blocks of its parts are not as long', async () => {
    const { world, initiator } = await worldOf();
    world.volumes['vol-2'].blockBytes = 4096;
    const outcome = await run(world, initiator, tenBytes(READ, 0, 1), { readBytes: 512 });
    expect(outcome).toMatchObject({ status: 2, sense: [2, 0x04, 0x03] });
    expect(world.adapter.counters.refused.get('partsDiffer')).toBe(1);
    // It is looked at again with the next command.
    world.volumes['vol-2'].blockBytes = 512;
    expect(await world.of(initiator.read(0, 16))).toHaveLength(16 * BLOCK);
    expectQuiet(world, initiator);
  });
});
