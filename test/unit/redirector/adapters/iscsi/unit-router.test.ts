import { describe, expect, it } from '@jest/globals';
import {
  AT,
  FINAL,
  TASK_MANAGEMENT,
  headOf,
  immediate,
  taskTagOf,
} from '../../../../../core/iscsi/pdu.js';
import { lunList, lunOf } from '../../../../../core/iscsi/lun.js';
import type { Initiator } from '../../../../support/iscsi/initiator.js';
import { tenBytes } from '../../../../support/iscsi/initiator.js';
import { r } from '../../../../support/names.js';
import type { Volume } from '../../../../support/iscsi/units-world.js';
import { UnitsWorld, placeOf } from '../../../../support/iscsi/units-world.js';

const UNITS = [
  { lun: 0, place: placeOf('vol-1') },
  { lun: 7, place: placeOf('vol-2') },
];
const INQUIRY = 0x12;
const REPORT_LUNS = 0xa0;
const READ = 0x28;
const WRITE = 0x2a;
const NO_SUCH_LUN = [5, 0x25, 0];
const LUN_RESET = 5;
const TARGET_WARM_RESET = 6;

function pattern(blocks: number, seed: number): Buffer {
  return Buffer.from(Array.from({ length: blocks * 512 }, (_, at) => (at * 7 + seed * 31) % 251));
}

async function write(
  world: UnitsWorld,
  initiator: Initiator,
  lun: number,
  data: Buffer,
): Promise<number | undefined> {
  const command = tenBytes(WRITE, 0, data.length / 512);
  return (await world.of(initiator.run(command, { written: data, lun })))?.status;
}

async function read(
  world: UnitsWorld,
  initiator: Initiator,
  lun: number,
  blocks: number,
): Promise<Buffer | undefined> {
  const command = tenBytes(READ, 0, blocks);
  return (await world.of(initiator.run(command, { readBytes: blocks * 512, lun })))?.data;
}

function expectNoFaults(world: UnitsWorld, initiator: Initiator): void {
  expect(initiator.faults).toEqual([]);
  expect(world.faults).toEqual([]);
}

async function manage(
  world: UnitsWorld,
  initiator: Initiator,
  asked: number,
  lun = 0,
): Promise<number | undefined> {
  const head = immediate(headOf(TASK_MANAGEMENT, FINAL | asked, 900 + 16 * asked + lun));
  head[AT.lun + 1] = lun;
  head.writeUInt32BE(initiator.command, AT.commandNumber);
  const response = (await world.of(initiator.ask(head)))?.head[AT.response];
  await world.clock.advance(50);
  const answers = initiator.heard.filter((pdu) => taskTagOf(pdu) === taskTagOf({ head }));
  expect(answers).toHaveLength(1);
  return response;
}

describe('a target whose LUNs are of several resources', () => {
  it('has each command carried out at the server that has its LUN', async () => {
    const world = await UnitsWorld.start(UNITS);
    const initiator = await world.loggedIn();
    const [first, second] = [pattern(100, 1), pattern(100, 2)];
    expect(await write(world, initiator, 0, first)).toBe(0);
    expect(await write(world, initiator, 7, second)).toBe(0);
    expect(world.volumes['vol-1'].bytes.subarray(0, first.length)).toEqual(first);
    expect(world.volumes['vol-2'].bytes.subarray(0, second.length)).toEqual(second);
    expect(await read(world, initiator, 0, 100)).toEqual(first);
    expect(await read(world, initiator, 7, 100)).toEqual(second);
    expect(world.targets.s1.openSessions.map(({ targetName }) => targetName)).toEqual([
      placeOf('vol-1').serverName,
    ]);
    expect(world.targets.s2.openSessions.map(({ targetName }) => targetName)).toEqual([
      placeOf('vol-2').serverName,
    ]);
    expect(world.adapter.counters.accepted).toBe(1);
    expectNoFaults(world, initiator);
  });

  it('asks clients for data by the LUN that they know', async () => {
    const world = await UnitsWorld.start(UNITS);
    const initiator = await world.loggedIn();
    expect(await write(world, initiator, 7, pattern(100, 3))).toBe(0);
    const asked = initiator.heard.filter(({ head }) => (head[0]! & 0x3f) === 0x31);
    expect(asked.length).toBeGreaterThan(0);
    for (const { head } of asked) expect(lunOf(head)).toBe(7);
  });

  it('has each LUN moved by itself, also back and forth, while the others go on', async () => {
    const world = await UnitsWorld.start(UNITS);
    const initiator = await world.loggedIn();
    const moves: Volume[] = ['vol-1', 'vol-2', 'vol-1', 'vol-1', 'vol-2'];
    for (const [nth, volume] of moves.entries()) {
      const [first, second] = [pattern(50, nth), pattern(50, nth + 20)];
      expect(await write(world, initiator, 0, first)).toBe(0);
      expect(await write(world, initiator, 7, second)).toBe(0);
      expect(await world.move([volume])).toEqual([]);
      expect(await read(world, initiator, 0, 50)).toEqual(first);
      expect(await read(world, initiator, 7, 50)).toEqual(second);
    }
    expect(world.adapter.counters.accepted).toBe(1);
    expectNoFaults(world, initiator);
  });

  it('lets commands to a LUN wait for its move, and no others', async () => {
    const world = await UnitsWorld.start(UNITS);
    const initiator = await world.loggedIn();
    await read(world, initiator, 0, 1);
    await read(world, initiator, 7, 1);
    world.gate.hold([r('vol-1')]);
    const waiting = initiator.run(tenBytes(READ, 0, 1), { readBytes: 512, lun: 0 });
    expect(await read(world, initiator, 7, 1)).toHaveLength(512);
    expect(world.adapter.counters.commands).toBe(1);
    world.gate.resume([r('vol-1')]);
    expect((await world.of(waiting))?.status).toBe(0);
  });

  it('says itself which LUNs there are', async () => {
    const world = await UnitsWorld.start(UNITS);
    const initiator = await world.loggedIn();
    const report = Buffer.alloc(16);
    report[0] = REPORT_LUNS;
    report.writeUInt32BE(255, 6);
    // Of those to which no command was given, too: no server is asked.
    const all = await world.of(initiator.run(report, { readBytes: 255, lun: 0 }));
    expect(all).toMatchObject({ status: 0, data: lunList([0, 7]) });
    report.writeUInt32BE(16, 6);
    const some = await world.of(initiator.run(report, { readBytes: 16, lun: 3 }));
    expect(some?.data).toEqual(lunList([0, 7]).subarray(0, 16));
    report[2] = 1;
    const none = await world.of(initiator.run(report, { readBytes: 255 }));
    expect(none?.data).toEqual(lunList([]));
    expect([...world.targets.s1.sessions, ...world.targets.s2.sessions]).toEqual([]);
    expect(initiator.faults).toEqual([]);
  });

  it('answers for LUNs that it does not have, as SCSI has it', async () => {
    const world = await UnitsWorld.start(UNITS);
    const initiator = await world.loggedIn();
    const inquiry = tenBytes(INQUIRY, 0, 0);
    inquiry.writeUInt16BE(36, 3);
    const said = await world.of(initiator.run(inquiry, { readBytes: 96, lun: 3 }));
    expect(said?.status).toBe(0);
    expect([said?.data[0], said?.data.length]).toEqual([0x7f, 36]);
    for (const command of [tenBytes(0x00, 0, 0), tenBytes(READ, 0, 1)]) {
      const refused = await world.of(initiator.run(command, { readBytes: 512, lun: 3 }));
      expect(refused).toMatchObject({ status: 2, sense: NO_SUCH_LUN });
    }
    const written = await world.of(
      initiator.run(tenBytes(WRITE, 0, 1), { written: pattern(1, 1), lun: 3 }),
    );
    expect(written).toMatchObject({ status: 2, sense: NO_SUCH_LUN });
    const sense = tenBytes(0x03, 0, 0);
    sense[4] = 18;
    const asked = await world.of(initiator.run(sense, { readBytes: 18, lun: 3 }));
    expect([asked?.status, asked?.data[2], asked?.data[12]]).toEqual([0, 5, 0x25]);
    expectNoFaults(world, initiator);
  });

  it('has a command aborted where it runs, and a reset answered once by all', async () => {
    const world = await UnitsWorld.start(UNITS);
    const initiator = await world.loggedIn();
    await read(world, initiator, 0, 1);
    await read(world, initiator, 7, 1);
    world.targets.s2.isStuck = true;
    void initiator.run(tenBytes(READ, 0, 1), { readBytes: 512, lun: 7 });
    await world.clock.advance(50);
    expect(await world.of(initiator.abort(initiator.tag))).toBe(0);
    expect(world.adapter.counters.commands).toBe(0);
    expect(await world.of(initiator.abort(4711))).toBe(1);
    world.targets.s1.isStuck = true;
    for (const lun of [0, 7]) void initiator.run(tenBytes(READ, 0, 1), { readBytes: 512, lun });
    await world.clock.advance(50);
    expect(await manage(world, initiator, LUN_RESET, 3)).toBe(2);
    expect(world.adapter.counters.commands).toBe(2);
    expect(await manage(world, initiator, LUN_RESET, 7)).toBe(0);
    expect(world.adapter.counters.commands).toBe(1);
    expect(await manage(world, initiator, TARGET_WARM_RESET)).toBe(0);
    expect(world.adapter.counters.commands).toBe(0);
    expectNoFaults(world, initiator);
  });

  it('takes no tag twice, whichever LUNs it is for', async () => {
    const world = await UnitsWorld.start(UNITS);
    const initiator = await world.loggedIn();
    await read(world, initiator, 0, 1);
    world.targets.s1.isStuck = true;
    void initiator.run(tenBytes(READ, 0, 1), { readBytes: 512, lun: 0, tag: 5 });
    void initiator.run(tenBytes(READ, 0, 1), { readBytes: 512, lun: 7, tag: 5 });
    await world.clock.advance(50);
    expect(world.adapter.counters.refused.get('rejected')).toBe(1);
    expect(world.adapter.counters.commands).toBe(1);
  });

  it('ends with its client, at all servers, and with the next login of the same port', async () => {
    const world = await UnitsWorld.start(UNITS);
    const first = await world.loggedIn();
    await read(world, first, 0, 1);
    await read(world, first, 7, 1);
    const second = await world.loggedIn();
    await world.clock.advance(2000);
    expect(first.isClosed).toBe(true);
    expect([...world.targets.s1.openSessions, ...world.targets.s2.openSessions]).toEqual([]);
    expect(await read(world, second, 7, 1)).toHaveLength(512);
    second.close();
    await world.clock.advance(2000);
    expect(world.targets.s2.openSessions).toEqual([]);
    expect(world.adapter.counters).toMatchObject({ connections: 0, commands: 0, keptBytes: 0 });
  });
});
