import { describe, expect, it } from '@jest/globals';
import {
  AT,
  FINAL,
  TASK_MANAGEMENT,
  headOf,
  immediate,
  opcodeOf,
} from '../../../../../core/iscsi/pdu.js';
import { unmapList } from '../../../../../core/iscsi/unmap.js';
import {
  BLOCK,
  PART_BLOCKS,
  READ,
  STRIPED,
  STRIPE_BLOCKS,
  WRITE,
  expectQuiet,
  pattern,
  run,
  wholeOf,
  worldOf,
} from '../../../../support/iscsi/composite-world.js';
import type { Initiator } from '../../../../support/iscsi/initiator.js';
import { tenBytes } from '../../../../support/iscsi/initiator.js';
import { UnitsWorld, placeOf } from '../../../../support/iscsi/units-world.js';

const SYNCHRONIZE = 0x35;
const WRITE_SAME = 0x41;
const UNMAP = 0x42;
const LUN_RESET = 5;

/** With a status. */
function answersTo(initiator: Initiator, tag: number): readonly number[] {
  return initiator.heard
    .filter(({ head }) => opcodeOf({ head }) === 0x21 && head.readUInt32BE(AT.task) === tag)
    .map(({ head }) => head[AT.status]!);
}

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
