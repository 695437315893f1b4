import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  AT,
  FINAL,
  TASK_MANAGEMENT,
  headOf,
  immediate,
  opcodeOf,
} from '../../../../../core/iscsi/pdu.js';
import { unmapList } from '../../../../../core/iscsi/unmap.js';
import type { IscsiOptions } from '../../../../../redirector/adapters/iscsi/options.js';
import type { CompositeUnit } from '../../../../../redirector/adapters/iscsi/targets.js';
import type { Initiator, Outcome } from '../../../../support/iscsi/initiator.js';
import { tenBytes } from '../../../../support/iscsi/initiator.js';
import type { Volume } from '../../../../support/iscsi/units-world.js';
import { UnitsWorld, VOLUMES, placeOf } from '../../../../support/iscsi/units-world.js';
import { r } from '../../../../support/names.js';

const BLOCK = 512;
const PART_BLOCKS = 256;
const STRIPE_BLOCKS = 8;
const READ = 0x28;
const WRITE = 0x2a;
const SYNCHRONIZE = 0x35;
const WRITE_SAME = 0x41;
const UNMAP = 0x42;
const LUN_RESET = 5;

function composite(stripeBytes: number | undefined, parts: readonly Volume[]): CompositeUnit {
  return { lun: 1, stripeBytes, parts: parts.map(placeOf) };
}

const STRIPED = composite(STRIPE_BLOCKS * BLOCK, ['vol-1', 'vol-2']);
const CONCATENATED = composite(undefined, VOLUMES);

async function worldOf(
  unit: CompositeUnit = STRIPED,
  options: Partial<IscsiOptions> = {},
): Promise<{ readonly world: UnitsWorld; readonly initiator: Initiator }> {
  const world = await UnitsWorld.start([unit], { blocks: PART_BLOCKS, options });
  return { world, initiator: await world.loggedIn() };
}

function pattern(blocks: number, seed: number): Buffer {
  return Buffer.from(
    Array.from({ length: blocks * BLOCK }, (_, at) => (at * 7 + (at >> 9) + seed * 31) % 251),
  );
}

/** As it lies in its parts, put together by another way than the one that is tested. */
function wholeOf({ volumes }: UnitsWorld, { parts, stripeBytes }: CompositeUnit): Buffer {
  const all = parts.map(({ resource }) => volumes[resource as string as Volume].bytes);
  if (stripeBytes === undefined) return Buffer.concat(all);
  const rows = all[0]!.length / stripeBytes;
  return Buffer.concat(
    Array.from({ length: rows }, (_, row) =>
      Buffer.concat(all.map((each) => each.subarray(row * stripeBytes, (row + 1) * stripeBytes))),
    ),
  );
}

function run(
  world: UnitsWorld,
  initiator: Initiator,
  command: Uint8Array,
  how: Parameters<Initiator['run']>[1] = {},
): Promise<Outcome | undefined> {
  return world.of(initiator.run(command, how));
}

function expectQuiet(world: UnitsWorld, initiator: Initiator): void {
  expect(initiator.faults).toEqual([]);
  expect(world.faults).toEqual([]);
  expect(world.adapter.counters).toMatchObject({ commands: 0, compositeBytes: 0, keptBytes: 0 });
  for (const volume of VOLUMES) expect(world.gate.inFlight(r(volume))).toBe(0);
}

/** With a status. */
function answersTo(initiator: Initiator, tag: number): readonly number[] {
  return initiator.heard
    .filter(({ head }) => opcodeOf({ head }) === 0x21 && head.readUInt32BE(AT.task) === tag)
    .map(({ head }) => head[AT.status]!);
}

describe.each([
  ['striped', STRIPED],
  ['concatenated', CONCATENATED],
])('a LUN of parts that are %s', (_, unit) => {
  const blocks = unit.parts.length * PART_BLOCKS;

  it('is written and read as one, each block at its place', async () => {
    const { world, initiator } = await worldOf(unit);
    const expected = Buffer.alloc(blocks * BLOCK);
    for (const [nth, at, length] of [
      [1, 0, 100],
      [2, 3, 1],
      [3, 250, 40],
      [4, 5, 200],
      [5, blocks - 9, 9],
    ] as const) {
      const data = pattern(length, nth);
      data.copy(expected, at * BLOCK);
      expect(await world.of(initiator.put(at, data))).toBe(0);
      expect(await world.of(initiator.read(at, length))).toEqual(data);
    }
    expect(wholeOf(world, unit)).toEqual(expected);
    for (const [at, length] of [
      [0, blocks / 2],
      [blocks / 2, blocks / 2],
    ] as const) {
      const data = await world.of(initiator.read(at, length));
      expect(data?.equals(expected.subarray(at * BLOCK, (at + length) * BLOCK))).toBe(true);
    }
    expectQuiet(world, initiator);
  });

  it('does not show that its parts move, each by itself and all as one', async () => {
    const { world, initiator } = await worldOf(unit);
    const expected = pattern(150, 9);
    const parts = unit.parts.map(({ resource }) => resource as string as Volume);
    const batches = [[parts[0]!], [parts[1]!], parts, [parts[1]!], parts];
    for (const [nth, batch] of batches.entries()) {
      pattern(60, nth).copy(expected, nth * 10 * BLOCK);
      const writes = [
        initiator.put(220, expected),
        initiator.put(220 + nth * 10, pattern(60, nth)),
      ];
      await world.of(Promise.resolve(writes[0]));
      const moving = world.move(batch);
      const late = initiator.read(220, 150);
      expect(await moving).toEqual([]);
      expect(await world.of(Promise.all(writes))).toEqual([0, 0]);
      expect((await world.of(late))?.equals(expected)).toBe(true);
    }
    expect(world.adapter.counters.accepted).toBe(1);
    expectQuiet(world, initiator);
  });

  it('loses nothing with a server that is lost in the middle of writes', async () => {
    const { world, initiator } = await worldOf(unit);
    await world.of(initiator.read(0, 1));
    world.targets.s2.isMute = true;
    const data = pattern(128, 6);
    const writing = initiator.put(200, data);
    await world.clock.advance(100);
    for (const volume of VOLUMES) world.volumes[volume].bytes.fill(0);
    data.copy(world.volumes['vol-1'].bytes, 0);
    const before = Buffer.from(world.volumes['vol-1'].bytes);
    expect(await world.move(['vol-2'], true)).toEqual([]);
    expect(await world.of(writing)).toBe(0);
    // What the other part had is not written again.
    expect(world.volumes['vol-1'].bytes).toEqual(before);
    expect(world.adapter.counters.repeated).toBe(1);
    expect(world.volumes['vol-2'].bytes.equals(Buffer.alloc(PART_BLOCKS * BLOCK))).toBe(false);
    expectQuiet(world, initiator);
  });
});

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

describe('a command for a composite', () => {
  it('ends with the worst status of its parts, and with its sense', async () => {
    const { world, initiator } = await worldOf();
    await world.of(initiator.read(0, 1));
    world.targets.s2.failing.set(placeOf('vol-2').serverName, [3, 0x11, 0x01]);
    const read = await run(world, initiator, tenBytes(READ, 0, 64), { readBytes: 64 * BLOCK });
    expect(read).toMatchObject({ status: 2, sense: [3, 0x11, 0x01] });
    const written = await run(world, initiator, tenBytes(WRITE, 0, 64), {
      written: pattern(64, 1),
    });
    expect(written).toMatchObject({ status: 2, sense: [3, 0x11, 0x01] });
    // What is not of that part is not touched by it.
    expect(await world.of(initiator.read(0, STRIPE_BLOCKS))).toEqual(
      pattern(64, 1).subarray(0, STRIPE_BLOCKS * BLOCK),
    );
    expectQuiet(world, initiator);
  });

  it('is refused where it cannot be carried out, without a word to a part', async () => {
    const { world, initiator } = await worldOf();
    await world.of(initiator.read(0, 1));
    const before = world.targets.s1.done.length + world.targets.s2.done.length;
    const refused = async (command: Uint8Array, readBytes = 512): Promise<unknown> =>
      (await run(world, initiator, command, { readBytes }))?.sense;
    expect(await refused(tenBytes(READ, 2 * PART_BLOCKS, 1))).toEqual([5, 0x21, 0]);
    expect(await refused(tenBytes(READ, 2 * PART_BLOCKS - 1, 2))).toEqual([5, 0x21, 0]);
    const far = Buffer.alloc(16, 0xff);
    far[0] = 0x88;
    far[1] = 0;
    expect(await refused(far)).toEqual([5, 0x21, 0]);
    for (const unknown of [0x5f, 0x16, 0x89, UNMAP]) {
      expect(await refused(tenBytes(unknown, 0, 1))).toEqual([5, 0x20, 0]);
    }
    const protectedRead = tenBytes(READ, 0, 1);
    protectedRead[1] = 0x20;
    expect(await refused(protectedRead)).toEqual([5, 0x24, 0]);
    expect(world.targets.s1.done.length + world.targets.s2.done.length).toBe(before);
    expectQuiet(world, initiator);
  });

  it('that is too much at once is refused, so that its data find room', async () => {
    const world = await UnitsWorld.start([STRIPED], { blocks: 8192 });
    const initiator = await world.loggedIn();
    const most = (4 << 20) / BLOCK;
    const refused = await run(world, initiator, tenBytes(READ, 0, most + 1), {
      readBytes: (most + 1) * BLOCK,
    });
    expect(refused).toMatchObject({ status: 2, sense: [5, 0x24, 0] });
    expect((await world.of(initiator.read(0, most)))?.length).toBe(4 << 20);
    expectQuiet(world, initiator);
  });

  it('says how much less or more was there than the client has expected', async () => {
    const { world, initiator } = await worldOf();
    expect(await world.of(initiator.put(0, pattern(64, 5)))).toBe(0);
    const residual = async (
      command: Uint8Array,
      how: Parameters<Initiator['run']>[1],
    ): Promise<readonly [number | undefined, number, number]> => {
      const outcome = await run(world, initiator, command, how);
      const last = initiator.heard.at(-1)!;
      expect(opcodeOf(last)).toBe(0x21);
      return [outcome?.data.length, last.head[1]! & 0x1e, last.head.readUInt32BE(AT.residual)];
    };
    const [over, under] = [0x04, 0x02];
    expect(await residual(tenBytes(READ, 0, 20), { readBytes: 30 * BLOCK })).toEqual([
      20 * BLOCK,
      under,
      10 * BLOCK,
    ]);
    expect(await residual(tenBytes(READ, 0, 20), { readBytes: 5000 })).toEqual([
      5000,
      over,
      20 * BLOCK - 5000,
    ]);
    expect(await residual(tenBytes(WRITE, 0, 20), { written: pattern(30, 6) })).toEqual([
      0,
      under,
      10 * BLOCK,
    ]);
    expect(await residual(tenBytes(WRITE, 20, 20), { written: pattern(10, 7) })).toEqual([
      0,
      over,
      10 * BLOCK,
    ]);
    const expected = Buffer.concat([
      pattern(30, 6).subarray(0, 20 * BLOCK),
      pattern(10, 7),
      pattern(64, 5).subarray(30 * BLOCK),
    ]);
    expect(
      wholeOf(world, STRIPED)
        .subarray(0, 64 * BLOCK)
        .equals(expected),
    ).toBe(true);
    expectQuiet(world, initiator);
  });

  it('that flushes, unmaps or writes the same goes to every part that has of it', async () => {
    const { world, initiator } = await worldOf();
    for (const volume of ['vol-1', 'vol-2'] as const) world.volumes[volume].isThin = true;
    expect(await world.of(initiator.put(0, pattern(200, 5)))).toBe(0);
    expect((await run(world, initiator, tenBytes(SYNCHRONIZE, 0, 8)))?.status).toBe(0);
    expect([world.targets.s1.count(SYNCHRONIZE), world.targets.s2.count(SYNCHRONIZE)]).toEqual([
      1, 1,
    ]);
    const expected = Buffer.from(wholeOf(world, STRIPED));
    const same = pattern(1, 77);
    for (let block = 13; block < 13 + 90; block++) same.copy(expected, block * BLOCK);
    expect(
      (await run(world, initiator, tenBytes(WRITE_SAME, 13, 90), { written: same }))?.status,
    ).toBe(0);
    expect(wholeOf(world, STRIPED).equals(expected)).toBe(true);
    const ranges = [
      { lba: 3, blocks: 1 },
      { lba: 30, blocks: 100 },
    ];
    for (const { lba, blocks } of ranges) expected.fill(0, lba * BLOCK, (lba + blocks) * BLOCK);
    const list = unmapList(ranges);
    const unmap = tenBytes(UNMAP, 0, list.length);
    expect((await run(world, initiator, unmap, { written: list }))?.status).toBe(0);
    expect(wholeOf(world, STRIPED).equals(expected)).toBe(true);
    const beyond = unmapList([{ lba: 2 * PART_BLOCKS - 1, blocks: 2 }]);
    const refused = await run(world, initiator, tenBytes(UNMAP, 0, beyond.length), {
      written: beyond,
    });
    expect(refused).toMatchObject({ status: 2, sense: [5, 0x21, 0] });
    expectQuiet(world, initiator);
  });

  it('is aborted in all of its parts, and where it waits', async () => {
    const { world, initiator } = await worldOf();
    await world.of(initiator.read(0, 16));
    world.targets.s2.isStuck = true;
    void initiator.read(0, 64);
    await world.clock.advance(50);
    expect(world.adapter.counters.compositeBytes).toBe(64 * BLOCK);
    expect(await world.of(initiator.abort(initiator.tag))).toBe(0);
    expectQuiet(world, initiator);
    // Whose data have not come.
    void initiator.run(tenBytes(WRITE, 0, 64), { written: pattern(64, 1), asked: () => undefined });
    await world.clock.advance(50);
    expect(await world.of(initiator.abort(initiator.tag))).toBe(0);
    void initiator.read(0, 64);
    await world.clock.advance(50);
    const reset = immediate(headOf(TASK_MANAGEMENT, FINAL | LUN_RESET, 950));
    reset[AT.lun + 1] = 1;
    reset.writeUInt32BE(initiator.command, AT.commandNumber);
    expect((await world.of(initiator.ask(reset)))?.head[AT.response]).toBe(0);
    expectQuiet(world, initiator);
  });

  it('that ends before its abort is heard of is answered, and the abort finds no task', async () => {
    const { world, initiator } = await worldOf();
    await world.of(initiator.read(0, 16));
    const reading = initiator.read(0, 64);
    const aborting = initiator.abort(initiator.tag);
    const response = await world.of(aborting);
    await world.clock.advance(100);
    // One of the two, and never both.
    const isAnswered = answersTo(initiator, initiator.tag - 1).length > 0;
    expect(isAnswered).toBe(response === 1);
    initiator.close();
    await world.of(reading);
  });

  it('leaves nothing behind if its client goes', async () => {
    const { world, initiator } = await worldOf();
    await world.of(initiator.read(0, 16));
    world.targets.s2.isStuck = true;
    void initiator.read(0, 64);
    void initiator.run(tenBytes(WRITE, 0, 64), { written: pattern(64, 1), asked: () => undefined });
    await world.clock.advance(50);
    initiator.close();
    await world.clock.advance(2000);
    expect(world.adapter.counters.connections).toBe(0);
    expectQuiet(world, initiator);
    expect([...world.targets.s1.openSessions, ...world.targets.s2.openSessions]).toEqual([]);
  });

  it('that sends what nobody has asked for ends the session', async () => {
    const { world, initiator } = await worldOf();
    void initiator.run(tenBytes(WRITE, 0, 64), { written: pattern(64, 1), asked: () => undefined });
    await world.clock.advance(50);
    const data = headOf(0x05, FINAL, initiator.tag);
    data.writeUInt32BE(4711, AT.transfer);
    initiator.write(data);
    await world.clock.advance(50);
    expect(initiator.isClosed).toBe(true);
    expect(world.adapter.counters).toMatchObject({ commands: 0, compositeBytes: 0 });
  });
});

describe('commands for a composite', () => {
  it('have no more data under way than there is room for, and all get theirs', async () => {
    const compositeBytesPerSessionMax = 100 * BLOCK;
    const { world, initiator } = await worldOf(STRIPED, { compositeBytesPerSessionMax });
    await world.of(initiator.read(0, 1));
    world.gate.hold([r('vol-2')]);
    const all = Array.from({ length: 20 }, (_, nth) =>
      nth % 2 === 0 ? initiator.put(nth * 20, pattern(33, nth)) : initiator.read(nth * 20, 33),
    );
    await world.clock.advance(100);
    expect(world.adapter.counters.compositeBytes).toBe(99 * BLOCK);
    world.gate.resume([r('vol-2')]);
    for (const [nth, outcome] of (await world.of(Promise.all(all))).entries()) {
      if (nth % 2 === 0) expect(outcome).toBe(0);
      else expect(outcome).toHaveLength(33 * BLOCK);
    }
    expectQuiet(world, initiator);
  });

  it('do not keep two moves waiting for each other, nor for data of the client', async () => {
    const { world, initiator } = await worldOf();
    await world.of(initiator.read(0, 16));
    const late: (() => void)[] = [];
    const writes = Array.from({ length: 8 }, (_, nth) =>
      initiator.run(tenBytes(WRITE, nth * 32, 32), {
        ...{ written: pattern(32, nth), immediateBytes: 0 },
        asked: (send) => late.push(send),
      }),
    );
    await world.clock.advance(50);
    expect(late).toHaveLength(8);
    const from = world.clock.monotonicMs();
    expect(await world.move(['vol-1', 'vol-2'])).toEqual([]);
    // Nothing was in the gate: nothing had to be waited for.
    expect(world.clock.monotonicMs() - from).toBeLessThan(200);
    for (const send of late) send();
    expect((await world.of(Promise.all(writes))).map((outcome) => outcome?.status)).toEqual(
      writes.map(() => 0),
    );
    expectQuiet(world, initiator);
  });

  it('all end well, whichever parts move while they are under way', async () => {
    const step = fc.record({
      at: fc.nat(2 * PART_BLOCKS - 40),
      blocks: fc.integer({ min: 1, max: 40 }),
      lateMs: fc.nat(30),
      moved: fc.constantFrom<Volume[]>(
        [],
        ['vol-1'],
        ['vol-2'],
        ['vol-1', 'vol-2'],
        ['vol-2', 'vol-1'],
      ),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 12 }), async (steps) => {
        const { world, initiator } = await worldOf();
        const writes: Promise<Outcome | undefined>[] = [];
        for (const [nth, { at, blocks, lateMs, moved }] of steps.entries()) {
          writes.push(
            initiator.run(tenBytes(WRITE, at, blocks), {
              ...{ written: pattern(blocks, nth), immediateBytes: 0 },
              asked: (send) => void world.clock.sleep(lateMs).then(send),
            }),
          );
          await world.clock.advance(3);
          if (moved.length > 0) expect(await world.move(moved)).toEqual([]);
        }
        const outcomes = await world.of(Promise.all(writes));
        expect(outcomes.map((outcome) => outcome?.status)).toEqual(steps.map(() => 0));
        expect(world.adapter.counters.repeated).toBe(0);
        expectQuiet(world, initiator);
        initiator.close();
      }),
      { numRuns: 15 },
    );
  });
});
