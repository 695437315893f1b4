import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  BLOCK,
  CONCATENATED,
  PART_BLOCKS,
  STRIPED,
  WRITE,
  expectQuiet,
  pattern,
  wholeOf,
  worldOf,
} from '../../../../support/iscsi/composite-world.js';
import type { Outcome } from '../../../../support/iscsi/initiator.js';
import { tenBytes } from '../../../../support/iscsi/initiator.js';
import type { Volume } from '../../../../support/iscsi/units-world.js';
import { VOLUMES } from '../../../../support/iscsi/units-world.js';
import { r } from '../../../../support/names.js';

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
