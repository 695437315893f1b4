import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Pdu } from '../../../../../core/iscsi/pdu.js';
import {
  AT,
  FINAL,
  LOGOUT,
  NOP_OUT,
  READS,
  SCSI_COMMAND,
  headOf,
  immediate,
  opcodeOf,
  piecesOf,
  wholeOf,
} from '../../../../../core/iscsi/pdu.js';
import { trustsOf } from '../../../../../core/net/guard.js';
import type { IscsiTarget } from '../../../../../redirector/adapters/iscsi/targets.js';
import { fuzzRuns } from '../../../../support/fuzz.js';
import type { Initiator } from '../../../../support/iscsi/initiator.js';
import { tenBytes } from '../../../../support/iscsi/initiator.js';
import type { IscsiWorld, IscsiWorldOptions } from '../../../../support/iscsi/world.js';
import { TARGET, started } from '../../../../support/iscsi/world.js';

const AUTHENTICATION_FAILED = 0x0201;
const NOT_ALLOWED = 0x0202;
const NOT_FOUND = 0x0203;
const CHAP = { user: 'alice', secret: 'a secret of sixteen' };

async function loginStatus(
  target: Partial<IscsiTarget>,
  how: { readonly name?: string; readonly host?: string; readonly chap?: typeof CHAP } = {},
): Promise<number | undefined> {
  const world = await started({ target });
  return world.of(world.initiator(how.name, how.host).login(TARGET, how.chap));
}

function command(number: number, tag: number): Uint8Array {
  const head = headOf(SCSI_COMMAND, FINAL | READS, tag);
  head[AT.lun + 1] = 1;
  head.set(tenBytes(0x28, 0, 1), AT.command);
  head.writeUInt32BE(512, AT.expectedLength);
  head.writeUInt32BE(number, AT.commandNumber);
  return Buffer.concat(piecesOf(head));
}

function answersTo(initiator: Initiator, tag: number): Pdu[] {
  return initiator.heard.filter(({ head }) => head.readUInt32BE(AT.task) === tag);
}

async function isServing(world: IscsiWorld): Promise<boolean> {
  const initiator = await world.loggedIn('iqn.2026-01.test:after');
  const data = await world.of(initiator.read(0, 1));
  initiator.close();
  return data?.length === 512;
}

describe('a login', () => {
  it('is answered without a word to any server', async () => {
    const world = await started();
    await world.loggedIn();
    expect(world.targets.s1.sessions).toEqual([]);
  });

  it('is refused where the target is not there, or not for this initiator', async () => {
    const world = await started();
    expect(await world.of(world.initiator().login('iqn.2026-01.test:none'))).toBe(NOT_FOUND);
    const initiators = ['iqn.2026-01.test:one'];
    expect(await loginStatus({ initiators })).toBe(NOT_ALLOWED);
    expect(await loginStatus({ initiators }, { name: 'iqn.2026-01.test:ONE' })).toBe(0);
    const clients = trustsOf(['10.0.0.0/8']);
    expect(await loginStatus({ clients }, { host: '10.1.2.3' })).toBe(0);
    expect(await loginStatus({ clients }, { host: '192.0.2.1' })).toBe(NOT_ALLOWED);
  });

  it('takes who knows the secret, and nobody else', async () => {
    expect(await loginStatus({ chap: CHAP }, { chap: CHAP })).toBe(0);
    expect(await loginStatus({ chap: CHAP })).toBe(AUTHENTICATION_FAILED);
    const wrong = { ...CHAP, secret: 'another of sixteen' };
    expect(await loginStatus({ chap: CHAP }, { chap: wrong })).toBe(AUTHENTICATION_FAILED);
    const other = { ...CHAP, user: 'bob' };
    expect(await loginStatus({ chap: CHAP }, { chap: other })).toBe(AUTHENTICATION_FAILED);
  });

  it('takes the secret that the credential table has, and nobody where it has none', async () => {
    const chap = { user: CHAP.user, secret: undefined };
    const stored = { [CHAP.user]: CHAP.secret };
    const login = async (
      options: IscsiWorldOptions,
      proof: typeof CHAP,
    ): Promise<number | undefined> => {
      const world = await started(options);
      return world.of(world.initiator().login(TARGET, proof));
    };
    expect(await login({ target: { chap }, stored }, CHAP)).toBe(0);
    const wrong = { ...CHAP, secret: 'another of sixteen' };
    expect(await login({ target: { chap }, stored }, wrong)).toBe(AUTHENTICATION_FAILED);
    for (const secret of [CHAP.secret, '', 'undefined']) {
      const proof = { ...CHAP, secret };
      expect(await login({ target: { chap } }, proof)).toBe(AUTHENTICATION_FAILED);
    }
  });

  it('is not for trying secrets: after some, the host has to wait', async () => {
    const world = await started({ target: { chap: CHAP }, options: { chapFailuresMax: 2 } });
    const login = (chap: typeof CHAP, host = 'client'): Promise<number | undefined> =>
      world.of(world.initiator(undefined, host).login(TARGET, chap));
    const wrong = { ...CHAP, secret: 'wrong' };
    for (let tries = 0; tries < 2; tries++) await login(wrong);
    expect(await login(CHAP)).toBe(AUTHENTICATION_FAILED);
    expect(world.adapter.counters.logins.get('tooManyTries')).toBe(1);
    expect(await login(CHAP, 'elsewhere')).toBe(0);
    await world.clock.advance(30_000);
    expect(await login(CHAP)).toBe(0);
  });

  it('that does not come to its end is cut', async () => {
    const world = await started();
    const initiator = world.initiator();
    initiator.write(Buffer.alloc(10));
    await world.clock.advance(11_000);
    expect(initiator.isClosed).toBe(true);
    expect(world.adapter.counters.cut.get('loginLate')).toBe(1);
  });

  it('of the same initiator port ends the session that it had', async () => {
    const world = await started();
    const first = await world.loggedIn();
    const second = await world.loggedIn();
    await world.clock.advance(100);
    expect(first.isClosed).toBe(true);
    expect(await world.of(second.read(0, 1))).toHaveLength(512);
  });
});

describe('discovery', () => {
  it('tells of the targets that are for this initiator, and where', async () => {
    const world = await started({ target: { initiators: ['iqn.2026-01.test:client'] } });
    const initiator = world.initiator();
    expect(await world.of(initiator.login(undefined))).toBe(0);
    expect(await world.of(initiator.sendTargets())).toBe(
      `TargetName=${TARGET}\0TargetAddress=proxy:3260,1\0`,
    );
    const other = world.initiator('iqn.2026-01.test:other');
    expect(await world.of(other.login(undefined))).toBe(0);
    expect(await world.of(other.sendTargets())).toBe('');
  });
});

describe('a session', () => {
  it('answers NOPs and logouts, also while its target moves', async () => {
    const world = await started();
    const initiator = await world.loggedIn();
    await world.dataPlane.hold({ moves: [{ resource: 'vol-1' }] } as never);
    const nop = immediate(headOf(NOP_OUT, FINAL, 77));
    const answer = await world.of(initiator.ask(nop, [Buffer.from('there?')]));
    expect(Buffer.from(wholeOf(answer?.data ?? [])).toString()).toBe('there?');
    const logout = immediate(headOf(LOGOUT, FINAL, 78));
    expect((await world.of(initiator.ask(logout)))?.head[AT.response]).toBe(0);
    await world.clock.advance(100);
    expect(initiator.isClosed).toBe(true);
  });

  it('drops what is outside its window, and takes what came before its turn', async () => {
    const world = await started({ options: { commandsMax: 4 } });
    const initiator = await world.loggedIn();
    const { expected, max } = initiator.window;
    expect(max - expected).toBe(3);
    initiator.write(command(max + 1, 1), command(expected - 1, 2), command(expected + 1, 3));
    await world.clock.advance(100);
    expect(world.adapter.counters.refused.get('outOfWindow')).toBe(2);
    expect(answersTo(initiator, 3)).toEqual([]);
    initiator.write(command(expected, 4));
    await world.clock.advance(100);
    for (const tag of [3, 4]) expect(answersTo(initiator, tag)).toHaveLength(1);
    for (const tag of [1, 2]) expect(answersTo(initiator, tag)).toEqual([]);
    expect(initiator.faults).toEqual([]);
  });

  it('has no more commands under way than its window', async () => {
    const world = await started({ options: { commandsMax: 4 } });
    const initiator = await world.loggedIn();
    world.targets.s1.isStuck = true;
    const { expected } = initiator.window;
    for (let nth = 0; nth < 8; nth++) initiator.write(command(expected + nth, nth));
    await world.clock.advance(100);
    expect(world.adapter.counters.commands).toBe(4);
    expect(world.adapter.counters.refused.get('outOfWindow')).toBe(4);
  });

  it('aborts a command where it runs, and one that waits here', async () => {
    const world = await started();
    const initiator = await world.loggedIn();
    await world.of(initiator.read(0, 1));
    world.targets.s1.isStuck = true;
    void initiator.read(0, 1);
    await world.clock.advance(50);
    expect(await world.of(initiator.abort(initiator.tag))).toBe(0);
    expect(world.adapter.counters.commands).toBe(0);
    await world.dataPlane.hold({ moves: [{ resource: 'vol-1' }] } as never);
    void initiator.read(0, 1);
    await world.clock.advance(50);
    expect(await world.of(initiator.abort(initiator.tag))).toBe(0);
    expect(world.adapter.counters.commands).toBe(0);
    expect(await world.of(initiator.abort(4711))).toBe(1);
    expect(world.gate.inFlight('vol-1' as never)).toBe(0);
    expect(initiator.faults).toEqual([]);
  });

  it('ends where data come that nobody has asked for', async () => {
    const world = await started();
    const initiator = await world.loggedIn();
    world.targets.s1.isStuck = true;
    void initiator.put(0, Buffer.alloc(512 * 100));
    await world.clock.advance(50);
    const data = headOf(0x05, FINAL, initiator.tag);
    initiator.write(...piecesOf(data, [Buffer.alloc(512)]));
    await world.clock.advance(50);
    expect(initiator.isClosed).toBe(true);
    expect(world.adapter.counters.cut.get('protocol')).toBe(1);
    expect(world.adapter.counters).toMatchObject({ commands: 0, keptBytes: 0 });
  });

  it('that is silent is asked whether it is there, and let go if not', async () => {
    const world = await started({ options: { idleTimeoutMs: 1000 } });
    const initiator = await world.loggedIn();
    await world.clock.advance(1500);
    expect(initiator.heard.filter((pdu) => opcodeOf(pdu) === 0x20)).toHaveLength(1);
    await world.clock.advance(1500);
    expect(initiator.isClosed).toBe(true);
  });

  it('does not survive its client: nothing of it stays', async () => {
    const world = await started();
    const initiator = await world.loggedIn();
    world.targets.s1.isStuck = true;
    void initiator.put(0, Buffer.alloc(512 * 64));
    await world.clock.advance(50);
    initiator.close();
    await world.clock.advance(2000);
    expect(world.adapter.counters).toMatchObject({ connections: 0, commands: 0, keptBytes: 0 });
    expect(world.targets.s1.openSessions).toEqual([]);
    expect(world.gate.inFlight('vol-1' as never)).toBe(0);
  });
});

describe('any bytes at all', () => {
  const pdu = fc
    .record({
      opcode: fc.constantFrom(0, 1, 2, 3, 4, 5, 6, 0x10, 0x1c, 0x40, 0x41, 0x42, 0x43, 0x3f),
      flags: fc.nat(255),
      fields: fc.uint8Array({ minLength: 40, maxLength: 40 }),
      tag: fc.nat(4),
      number: fc.nat(12),
      data: fc.uint8Array({ maxLength: 80 }),
    })
    .map(({ opcode, flags, fields, tag, number, data }) => {
      const head = headOf(opcode, flags, tag);
      head.set(fields, 8);
      head.writeUInt32BE(tag, AT.task);
      head.writeUInt32BE(number, AT.commandNumber);
      return Buffer.concat(piecesOf(head, [data]));
    });

  it('of a stranger, or of somebody who is logged in, harm no other session', async () => {
    const world = await started();
    const other = await world.loggedIn('iqn.2026-01.test:other');
    await fc.assert(
      fc.asyncProperty(
        fc.boolean(),
        fc.array(fc.oneof(pdu, fc.uint8Array({ maxLength: 200 })), { maxLength: 8 }),
        async (isLoggedIn, all) => {
          const name = 'iqn.2026-01.test:hostile';
          const hostile = isLoggedIn ? await world.loggedIn(name) : world.initiator(name);
          hostile.write(...all);
          await world.clock.advance(20);
          hostile.close();
          await world.clock.advance(20);
          expect(other.isClosed).toBe(false);
        },
      ),
      fuzzRuns(1000),
    );
    expect(await world.of(other.read(0, 4))).toHaveLength(2048);
    other.close();
    await world.clock.advance(5000);
    expect(world.adapter.counters).toMatchObject({ connections: 0, commands: 0, keptBytes: 0 });
    expect(world.gate.inFlight('vol-1' as never)).toBe(0);
    expect(await isServing(world)).toBe(true);
  });
});
