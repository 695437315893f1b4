import { describe, expect, it } from '@jest/globals';
import { SharedUnit } from '../../../../support/iscsi/fake-target.js';
import type { Initiator } from '../../../../support/iscsi/initiator.js';
import { tenBytes } from '../../../../support/iscsi/initiator.js';
import type { IscsiWorld } from '../../../../support/iscsi/world.js';
import { TARGET, started } from '../../../../support/iscsi/world.js';

const READ = 0x28;
const WRITE = 0x2a;
const COMPARE_AND_WRITE = 0x89;

function pattern(blocks: number, seed: number): Buffer {
  return Buffer.from(Array.from({ length: blocks * 512 }, (_, at) => (at * 7 + seed * 31) % 251));
}

function expectNoFaults({ targets }: IscsiWorld, initiator: Initiator): void {
  expect(initiator.faults).toEqual([]);
  expect([...targets.s1.faults, ...targets.s2.faults]).toEqual([]);
}

describe('an iSCSI client', () => {
  it('reads and writes at the server that has its target, under its own name', async () => {
    const world = await started();
    const initiator = await world.loggedIn('iqn.2026-01.test:someone');
    const data = pattern(200, 1);
    expect(await world.of(initiator.put(3, data))).toBe(0);
    expect(world.unit.bytes.subarray(3 * 512, 203 * 512)).toEqual(data);
    expect(await world.of(initiator.read(3, 200))).toEqual(data);
    expect(world.targets.s1.sessions.map((each) => each.initiator)).toEqual([
      'iqn.2026-01.test:someone',
    ]);
    expectNoFaults(world, initiator);
  });

  it('does not notice moves between its commands, nor hears of new unit attentions', async () => {
    const world = await started();
    const initiator = await world.loggedIn();
    const names = ['s1', 's2'] as const;
    for (let move = 0; move < 6; move++) {
      const data = pattern(40, move);
      expect(await world.of(initiator.put(move, data))).toBe(0);
      const [from, to] = move % 2 === 0 ? names : ([...names].reverse() as ['s2', 's1']);
      expect(await world.switch(from, to, { epoch: `1.${move + 2}` })).toEqual([]);
      expect(await world.of(initiator.read(move, 40))).toEqual(data);
    }
    await world.clock.advance(100);
    expect(world.targets.s1.openSessions).toHaveLength(1);
    expect(world.targets.s2.openSessions).toHaveLength(0);
    expect(world.adapter.counters.accepted).toBe(1);
    expectNoFaults(world, initiator);
  });

  it('has commands under way end at the source, and new ones wait for the target', async () => {
    const world = await started();
    const initiator = await world.loggedIn();
    await world.of(initiator.read(0, 1));
    const writes = Array.from({ length: 8 }, (_, nth) => initiator.put(nth * 64, pattern(64, nth)));
    await world.clock.advance(3);
    const switching = world.switch('s1', 's2');
    const late = initiator.read(0, 8);
    expect(await switching).toEqual([]);
    expect(await world.of(Promise.all(writes))).toEqual(writes.map(() => 0));
    expect(await world.of(late)).toEqual(pattern(64, 0).subarray(0, 8 * 512));
    expect(world.targets.s2.count(READ)).toBe(1);
    expect(world.adapter.counters.repeated).toBe(0);
    expectNoFaults(world, initiator);
  });

  it('stays where it is if the target shows another unit, and says why', async () => {
    const world = await started({ other: new SharedUnit(1024, 'another') });
    const initiator = await world.loggedIn();
    await world.of(initiator.read(0, 1));
    const [why] = await world.switch('s1', 's2');
    expect(why).toMatch(/^s2 shows another LUN 0/);
    expect(await world.of(initiator.put(0, pattern(1, 1)))).toBe(0);
    expect(world.targets.s2.count(WRITE)).toBe(0);
    expectNoFaults(world, initiator);
  });

  it('stays where it is if the target has another size', async () => {
    const world = await started({ other: new SharedUnit(512) });
    const initiator = await world.loggedIn();
    await world.of(initiator.read(0, 1));
    expect(await world.switch('s1', 's2')).toEqual([
      expect.stringMatching(/shows another LUN 0001/),
    ]);
  });

  it('stays where it is if the target lets nobody in', async () => {
    const world = await started();
    const initiator = await world.loggedIn();
    await world.of(initiator.read(0, 1));
    world.targets.s2.refuses = 0x0203;
    expect(await world.switch('s1', 's2')).toEqual(['s2 does not have the target']);
    expect(await world.of(initiator.put(0, pattern(1, 1)))).toBe(0);
  });
});

describe('data that come in long PDUs', () => {
  const WROTE = 256;

  async function startedLong(): Promise<{
    readonly world: IscsiWorld;
    readonly initiator: Initiator;
  }> {
    const world = await started();
    for (const target of Object.values(world.targets)) {
      Object.assign(target, { burstBytes: 262_144, dataInBytes: 65_536 });
    }
    const initiator = world.initiator();
    initiator.segmentBytes = 65_536;
    expect(await world.of(initiator.login(TARGET))).toBe(0);
    return { world, initiator };
  }

  it('are written and read as they are, of many commands side by side', async () => {
    const { world, initiator } = await startedLong();
    for (const round of [0, 1]) {
      const all = [0, 1, 2, 3].map((nth) => pattern(WROTE, 4 * round + nth));
      const writes = all.map((data, nth) => initiator.put(nth * WROTE, data));
      expect(await world.of(Promise.all(writes))).toEqual([0, 0, 0, 0]);
      expect(world.unit.bytes.subarray(0, 512 * 4 * WROTE).equals(Buffer.concat(all))).toBe(true);
      const reads = all.map((_, nth) => initiator.read(nth * WROTE, WROTE));
      const read = await world.of(Promise.all(reads));
      expect(read.map((bytes, nth) => bytes?.equals(all[nth]!))).toEqual([true, true, true, true]);
    }
    expect(world.adapter.counters.keptBytes).toBe(0);
    expectNoFaults(world, initiator);
  });

  it.each([
    [8, false],
    [100, true],
  ])('are written at the next server if one is lost after %i ms, mute: %s', async (ms, isMute) => {
    const { world, initiator } = await startedLong();
    await world.of(initiator.read(0, 1));
    world.targets.s1.isMute = isMute;
    const all = [0, 1].map((nth) => pattern(WROTE, nth));
    const writes = all.map((data, nth) => initiator.put(nth * WROTE, data));
    await world.clock.advance(ms);
    if (isMute) world.unit.bytes.fill(0);
    expect(await world.switch('s1', 's2', { isLost: true })).toEqual([]);
    expect(await world.of(Promise.all(writes))).toEqual([0, 0]);
    expect(world.unit.bytes.subarray(0, 1024 * WROTE).equals(Buffer.concat(all))).toBe(true);
    expectNoFaults(world, initiator);
  });
});

describe('a server that is lost', () => {
  it('has its reads read at the next, and what the client has got is not sent again', async () => {
    const world = await started();
    const initiator = await world.loggedIn();
    const data = pattern(64, 5);
    data.copy(world.unit.bytes);
    await world.of(initiator.read(0, 1));
    world.targets.s1.dataInMax = 2;
    const reading = initiator.read(0, 64);
    await world.clock.advance(50);
    expect(await world.switch('s1', 's2', { isLost: true })).toEqual([]);
    expect(await world.of(reading)).toEqual(data);
    expect(world.adapter.counters.repeated).toBe(1);
    expectNoFaults(world, initiator);
  });

  it('has its writes written at the next, without asking the client for them again', async () => {
    const world = await started();
    const initiator = await world.loggedIn();
    await world.of(initiator.read(0, 1));
    world.targets.s1.isMute = true;
    const data = pattern(128, 6);
    const writing = initiator.put(0, data);
    await world.clock.advance(100);
    expect(world.targets.s1.count(WRITE)).toBe(1);
    world.unit.bytes.fill(0);
    expect(await world.switch('s1', 's2', { isLost: true })).toEqual([]);
    expect(await world.of(writing)).toBe(0);
    expect(world.unit.bytes.subarray(0, data.length)).toEqual(data);
    expect(world.adapter.counters.keptBytes).toBe(0);
    expectNoFaults(world, initiator);
  });

  it('in the middle of a write: the rest of it is asked for by the next', async () => {
    const world = await started();
    const initiator = await world.loggedIn();
    await world.of(initiator.read(0, 1));
    const data = pattern(256, 7);
    const writing = initiator.put(0, data);
    await world.clock.advance(8);
    expect(await world.switch('s1', 's2', { isLost: true })).toEqual([]);
    expect(await world.of(writing)).toBe(0);
    expect(world.unit.bytes.subarray(0, data.length)).toEqual(data);
    expectNoFaults(world, initiator);
  });

  it('leaves it to the client what became of a command that may not be done twice', async () => {
    const world = await started();
    const initiator = await world.loggedIn();
    await world.of(initiator.read(0, 1));
    world.targets.s1.isMute = true;
    const written = Buffer.concat([Buffer.alloc(512), pattern(1, 8)]);
    const running = initiator.run(tenBytes(COMPARE_AND_WRITE, 0, 1), { written });
    await world.clock.advance(100);
    expect(world.targets.s1.count(COMPARE_AND_WRITE)).toBe(1);
    expect(await world.switch('s1', 's2', { isLost: true })).toEqual([]);
    expect(await world.of(running)).toMatchObject({ status: 2, sense: [6, 0x29, 7] });
    expect(world.targets.s2.count(COMPARE_AND_WRITE)).toBe(0);
    expectNoFaults(world, initiator);
  });

  it('does not cost the data of writes for which there is no room', async () => {
    const world = await started({ options: { keptBytesPerSessionMax: 20_000 } });
    const initiator = await world.loggedIn();
    await world.of(initiator.read(0, 1));
    world.targets.s1.isMute = true;
    const running = initiator.run(tenBytes(WRITE, 0, 128), { written: pattern(128, 9) });
    await world.clock.advance(100);
    expect(world.targets.s1.count(WRITE)).toBe(1);
    expect(await world.switch('s1', 's2', { isLost: true })).toEqual([]);
    expect(await world.of(running)).toMatchObject({ status: 2, sense: [6, 0x29, 7] });
    expect(world.adapter.counters.keptBytes).toBe(0);
  });

  it('is what one is taken for that asks for data again which were not kept', async () => {
    const world = await started({ options: { keptBytesPerSessionMax: 20_000 } });
    const initiator = await world.loggedIn();
    await world.of(initiator.read(0, 1));
    world.targets.s1.asksAnewAt = 20_000;
    const running = initiator.run(tenBytes(WRITE, 0, 128), { written: pattern(128, 9) });
    expect(await world.of(running)).toMatchObject({ status: 2, sense: [6, 0x29, 7] });
    expect(world.targets.s1.count(WRITE)).toBe(0);
    expect(world.adapter.counters).toMatchObject({ commands: 0, keptBytes: 0 });
    expect(await world.of(initiator.read(0, 1))).toHaveLength(512);
    expectNoFaults(world, initiator);
  });

  it('makes the target busy, once it has been tried for long enough', async () => {
    const world = await started({ options: { retryForMs: 4000 } });
    const initiator = await world.loggedIn();
    world.net.crash('s1');
    const outcome = await world.of(initiator.run(tenBytes(READ, 0, 1), { readBytes: 512 }));
    expect(outcome?.status).toBe(8);
    expect(world.suspected).toContain('s1');
    expect(initiator.isClosed).toBe(false);
  });

  it('that asks to log out is left, and the client hears nothing of it', async () => {
    const world = await started();
    const initiator = await world.loggedIn();
    await world.of(initiator.read(0, 1));
    world.targets.s1.sessions[0]?.askForLogout();
    const data = pattern(64, 3);
    await world.clock.advance(20);
    expect(await world.of(initiator.put(0, data))).toBe(0);
    expect(world.targets.s1.sessions).toHaveLength(2);
    expect(world.targets.s1.sessions[0]?.isLoggedOut).toBe(true);
    expectNoFaults(world, initiator);
  });
});
