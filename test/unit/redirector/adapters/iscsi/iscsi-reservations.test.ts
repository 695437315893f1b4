import { describe, expect, it } from '@jest/globals';
import { SimulatedClock } from '../../../../../core/clock/simulated.js';
import { SILENT_LOG } from '../../../../../core/log.js';
import { ACTION, RESERVATION_CONFLICT } from '../../../../../core/iscsi/reservations.js';
import { MemorySessionStore } from '../../../../../core/session-store/memory.js';
import type { IscsiAdapter } from '../../../../../redirector/adapters/iscsi/iscsi-adapter.js';
import { SessionBook } from '../../../../../redirector/sessions/session-book.js';
import type { Initiator } from '../../../../support/iscsi/initiator.js';
import { tenBytes } from '../../../../support/iscsi/initiator.js';
import type { IscsiWorld } from '../../../../support/iscsi/world.js';
import { started } from '../../../../support/iscsi/world.js';
import { commandOf } from '../../../../../core/iscsi/scsi.js';

const KEYS = { alice: 'a1'.repeat(8), bob: 'b0'.repeat(8), carol: 'c4'.repeat(8) };
type Name = keyof typeof KEYS;
const WRITE_EXCLUSIVE = 1;
const FOR_REGISTRANTS = 5;
const FOR_ALL_REGISTRANTS = 7;
const BLOCK = Buffer.alloc(512, 7);
const SCOPE = 'address/proxy';
const RESERVATION_PREEMPTED = [6, 0x2a, 0x03];
const RESERVATION_RELEASED = [6, 0x2a, 0x04];
const REGISTRATION_PREEMPTED = [6, 0x2a, 0x05];

function named(name: Name): string {
  return `iqn.2026-01.test:${name}`;
}

/** Registered, with the key of that name. */
async function registered(world: IscsiWorld, name: Name, to?: string): Promise<Initiator> {
  const initiator = await world.loggedIn(named(name), to);
  const how = { subject: KEYS[name] };
  expect(await world.of(initiator.reserve(ACTION.register, how))).toBe(0);
  return initiator;
}

/** The same, and it has the unit reserved. */
async function holding(
  world: IscsiWorld,
  name: Name,
  kind = FOR_REGISTRANTS,
  to?: string,
): Promise<Initiator> {
  const initiator = await registered(world, name, to);
  expect(await world.of(initiator.reserve(ACTION.reserve, { key: KEYS[name], kind }))).toBe(0);
  return initiator;
}

/** The status, or the sense where there is one. */
async function written(world: IscsiWorld, initiator: Initiator) {
  const outcome = await world.of(initiator.run(tenBytes(0x2a, 0, 1), { written: BLOCK }));
  return outcome?.sense ?? outcome?.status;
}

function keysAt(world: IscsiWorld, server: 's1' | 's2'): string[] {
  return [...world.targets[server].reservations.keys].sort();
}

describe('a persistent reservation', () => {
  it.each([false, true])(
    'keeps others out before and after a move, and lets its holder in (server remembers ports: %s)',
    async (isByPort) => {
      const world = await started();
      for (const target of Object.values(world.targets)) target.isByPort = isByPort;
      const alice = await holding(world, 'alice');
      const carol = await registered(world, 'carol');
      const bob = await world.loggedIn(named('bob'));
      for (const [from, to, epoch] of [
        ['s1', 's2', '1.2'],
        ['s2', 's1', '1.3'],
        ['s1', 's2', '1.4'],
      ] as const) {
        expect(await written(world, bob)).toBe(RESERVATION_CONFLICT);
        expect(await written(world, alice)).toBe(0);
        expect(await written(world, carol)).toBe(0);
        expect(await world.switch(from, to, { epoch })).toEqual([]);
        await world.clock.advance(100);
        // Nothing of it stays where the target was.
        expect(keysAt(world, from)).toEqual([]);
        expect(world.targets[from].reservations.holder).toBeUndefined();
      }
      expect(await written(world, bob)).toBe(RESERVATION_CONFLICT);
      expect(keysAt(world, 's2')).toEqual([KEYS.alice, KEYS.carol]);
      expect(await world.of(alice.keys())).toHaveLength(2);
      for (const each of [alice, bob, carol]) expect(each.faults).toEqual([]);
      expect([...world.targets.s1.faults, ...world.targets.s2.faults]).toEqual([]);
    },
  );

  it('goes on at the next server when its server is lost, before anybody is served there', async () => {
    const world = await started();
    const alice = await holding(world, 'alice', WRITE_EXCLUSIVE);
    const bob = await world.loggedIn(named('bob'));
    await written(world, bob);
    world.net.crash('s1');
    const waiting = bob.run(tenBytes(0x2a, 0, 1), { written: BLOCK });
    await world.clock.advance(50);
    expect(await world.switch('s1', 's2', { isLost: true })).toEqual([]);
    expect((await world.of(waiting))?.status).toBe(RESERVATION_CONFLICT);
    expect(await written(world, alice)).toBe(0);
  });

  it.each([false, true])(
    'is established anew at a server that has lost its memory, whoever comes first (its holder has not heard of it: %s)',
    async (isUnheard) => {
      const world = await started();
      const alice = await holding(world, 'alice');
      const bob = await world.loggedIn(named('bob'));
      await written(world, bob);
      world.targets.s1.restart((initiator) => isUnheard && initiator === named('alice'));
      await world.clock.advance(50);
      expect(await written(world, bob)).toBe(RESERVATION_CONFLICT);
      expect(await written(world, alice)).toBe(0);
      expect(keysAt(world, 's1')).toEqual([KEYS.alice]);
    },
  );

  it('leaves no rest of an earlier session of the same client at a server', async () => {
    const world = await started();
    const alice = await holding(world, 'alice');
    const carol = await registered(world, 'carol');
    for (let times = 0; times < 3; times++) {
      for (const session of world.targets.s1.openSessions) session.drop();
      await world.clock.advance(50);
      expect(await written(world, carol)).toBe(0);
      expect(await written(world, alice)).toBe(0);
    }
    expect(keysAt(world, 's1')).toEqual([KEYS.alice, KEYS.carol]);
  });

  it('of all who are registered goes on, too', async () => {
    const world = await started();
    const alice = await holding(world, 'alice', FOR_ALL_REGISTRANTS);
    const carol = await registered(world, 'carol');
    const bob = await world.loggedIn(named('bob'));
    expect(await world.switch('s1', 's2')).toEqual([]);
    expect(await written(world, bob)).toBe(RESERVATION_CONFLICT);
    for (const each of [alice, carol]) expect(await written(world, each)).toBe(0);
  });

  it('that was preempted does not come back with a move', async () => {
    const world = await started();
    const alice = await holding(world, 'alice');
    const bob = await registered(world, 'bob');
    const how = { key: KEYS.bob, subject: KEYS.alice, kind: FOR_REGISTRANTS };
    expect(await world.of(bob.reserve(ACTION.preempt, how))).toBe(0);
    expect(await written(world, alice)).toEqual(RESERVATION_PREEMPTED);
    expect(await world.switch('s1', 's2')).toEqual([]);
    expect(await written(world, alice)).toBe(RESERVATION_CONFLICT);
    expect(await written(world, bob)).toBe(0);
    expect(keysAt(world, 's2')).toEqual([KEYS.bob]);
  });

  it('whose preemption may have been done does not come back either, and its holder hears of it', async () => {
    const world = await started();
    const alice = await holding(world, 'alice');
    const bob = await registered(world, 'bob');
    world.targets.s1.isMute = true;
    const how = { key: KEYS.bob, subject: KEYS.alice, kind: FOR_REGISTRANTS };
    const preempting = bob.reserve(ACTION.preempt, how);
    await world.clock.advance(50);
    expect(await world.switch('s1', 's2', { isLost: true })).toEqual([]);
    expect(await world.of(preempting)).toBe(2);
    expect(keysAt(world, 's2')).not.toContain(KEYS.alice);
    expect(await written(world, alice)).toEqual(REGISTRATION_PREEMPTED);
  });

  it('keeps others out while its holder is away, also after a move, and is there when it comes back', async () => {
    const world = await started();
    const alice = await holding(world, 'alice');
    const bob = await world.loggedIn(named('bob'));
    alice.close();
    await world.clock.advance(50);
    expect(await written(world, bob)).toBe(RESERVATION_CONFLICT);
    expect(await world.switch('s1', 's2')).toEqual([]);
    expect(await written(world, bob)).toBe(RESERVATION_CONFLICT);
    const again = await world.loggedIn(named('alice'));
    expect(await written(world, again)).toBe(0);
    expect(await world.of(again.reserve(ACTION.registerAnyhow))).toBe(0);
    expect(await written(world, bob)).toBe(0);
    expect(keysAt(world, 's2')).toEqual([]);
    again.close();
    await world.clock.advance(2000);
    expect(world.targets.s2.openSessions.map(({ initiator }) => initiator)).toEqual([named('bob')]);
  });

  it('is a reason not to move to a server that does not take it', async () => {
    const world = await started();
    const alice = await holding(world, 'alice');
    const bob = await world.loggedIn(named('bob'));
    world.targets.s2.reservations.isWithout = true;
    const [why] = await world.switch('s1', 's2');
    expect(why).toBe(
      `s2 does not take the registration of ${named('alice')} for LUN 0001000000000000`,
    );
    expect(await written(world, bob)).toBe(RESERVATION_CONFLICT);
    expect(await written(world, alice)).toBe(0);
  });

  it('that the only server left does not take is over, and its holder is told so once', async () => {
    const world = await started();
    const alice = await holding(world, 'alice');
    const bob = await world.loggedIn(named('bob'));
    world.targets.s2.reservations.isWithout = true;
    expect(await world.switch('s1', 's2', { isLost: true })).toEqual([]);
    expect(await written(world, bob)).toBe(0);
    expect(await written(world, alice)).toEqual(REGISTRATION_PREEMPTED);
    expect(await written(world, alice)).toBe(0);
  });

  it('cannot be handed to a port that only its server could name', async () => {
    const world = await started();
    const alice = await holding(world, 'alice');
    const command = commandOf(0x5f, ACTION.registerAndMove);
    expect(await world.of(alice.run(command))).toMatchObject({ status: 2, sense: [5, 0x24, 0] });
    expect(world.targets.s1.count(0x5f)).toBe(2);
  });
});

describe('RESERVE of SPC-2', () => {
  const RESERVE = commandOf(0x16);
  const RELEASE = commandOf(0x17);

  it('keeps others out before and after a move, until it is released', async () => {
    const world = await started();
    const alice = await world.loggedIn(named('alice'));
    const bob = await world.loggedIn(named('bob'));
    expect(await written(world, bob)).toBe(0);
    expect((await world.of(alice.run(RESERVE)))?.status).toBe(0);
    expect(await written(world, bob)).toBe(RESERVATION_CONFLICT);
    expect(await world.switch('s1', 's2')).toEqual([]);
    expect(await written(world, bob)).toBe(RESERVATION_CONFLICT);
    expect(await written(world, alice)).toBe(0);
    expect((await world.of(alice.run(RELEASE)))?.status).toBe(0);
    expect(await world.switch('s2', 's1', { epoch: '1.3' })).toEqual([]);
    expect(await written(world, bob)).toBe(0);
  });

  it('ends with the session of its client', async () => {
    const world = await started();
    const alice = await world.loggedIn(named('alice'));
    const bob = await world.loggedIn(named('bob'));
    expect((await world.of(alice.run(RESERVE)))?.status).toBe(0);
    alice.close();
    await world.clock.advance(2000);
    expect(await written(world, bob)).toBe(0);
    expect(await world.switch('s1', 's2')).toEqual([]);
    expect(world.targets.s2.reservations.reservedBy).toBeUndefined();
  });

  it('is over, and said to be, where others were served while its session at the server was gone', async () => {
    const world = await started();
    const alice = await world.loggedIn(named('alice'));
    const bob = await world.loggedIn(named('bob'));
    expect(await written(world, bob)).toBe(0);
    expect((await world.of(alice.run(RESERVE)))?.status).toBe(0);
    const [, hers] = world.targets.s1.openSessions;
    expect(hers?.initiator).toBe(named('alice'));
    hers?.drop();
    await world.clock.advance(50);
    expect(await written(world, bob)).toBe(0);
    expect(await written(world, alice)).toEqual(RESERVATION_RELEASED);
    expect(await written(world, alice)).toBe(0);
  });
});

describe('a redirector that goes on for another', () => {
  /** One that keeps what clients reserve. */
  async function keeper() {
    const store = new MemorySessionStore();
    const clock = new SimulatedClock();
    const book = new SessionBook({ store, clock, log: SILENT_LOG });
    await book.open(SCOPE, 1);
    const world = await started({ clock, sessions: { book, scopeOf: () => SCOPE } });
    return { world, store };
  }

  /** The first is dead; its sessions at servers with it. */
  async function successor(world: IscsiWorld, store: MemorySessionStore): Promise<IscsiAdapter> {
    world.net.crash('proxy');
    for (const session of world.targets.s1.openSessions) session.drop();
    const book = new SessionBook({ store, clock: world.clock, log: SILENT_LOG });
    const kept = await book.open(SCOPE, 2);
    const adapter = await world.another('proxy-2', { book, scopeOf: () => SCOPE });
    await adapter.adopt(SCOPE, kept);
    return adapter;
  }

  it('finds what clients have reserved: others stay out, and who logs in anew has it', async () => {
    const { world, store } = await keeper();
    await holding(world, 'alice');
    await registered(world, 'carol');
    await successor(world, store);
    // As if the server had lost its memory, too.
    world.targets.s1.restart();
    const bob = await world.loggedIn(named('bob'), 'proxy-2');
    expect(await written(world, bob)).toBe(RESERVATION_CONFLICT);
    for (const name of ['alice', 'carol'] as const) {
      expect(await written(world, await world.loggedIn(named(name), 'proxy-2'))).toBe(0);
    }
    expect(keysAt(world, 's1')).toEqual([KEYS.alice, KEYS.carol]);
  });

  it('finds nothing of what was given up', async () => {
    const { world, store } = await keeper();
    const alice = await holding(world, 'alice');
    expect(await world.of(alice.reserve(ACTION.clear, { key: KEYS.alice }))).toBe(0);
    expect((await store.list('session')).filter(([id]) => !id.endsWith('|'))).toEqual([]);
  });

  it('keeps a record before the client hears of it, and none for other commands', async () => {
    const { world, store } = await keeper();
    const kept = async (): Promise<number> =>
      (await store.list('session')).filter(([id]) => !id.endsWith('|')).length;
    const alice = await world.loggedIn(named('alice'));
    const put = store.put.bind(store);
    let puts = 0;
    store.put = async (...of) => {
      puts += 1;
      await put(...of);
    };
    expect(await world.of(alice.reserve(ACTION.register, { subject: KEYS.alice }))).toBe(0);
    expect(await kept()).toBe(1);
    for (let times = 0; times < 20; times++) expect(await written(world, alice)).toBe(0);
    expect((await world.of(alice.run(commandOf(0x16))))?.status).toBe(0);
    expect(puts).toBe(1);
  });

  it('does not let in again whom a command was to keep out when it died, whether that was done or not', async () => {
    const { world, store } = await keeper();
    await holding(world, 'alice');
    const bob = await registered(world, 'bob');
    world.targets.s1.isMute = true;
    const how = { key: KEYS.bob, subject: KEYS.alice, kind: FOR_REGISTRANTS };
    void bob.reserve(ACTION.preempt, how);
    await world.clock.advance(50);
    world.targets.s1.isMute = false;
    await successor(world, store);
    world.targets.s1.restart();
    const again = await world.loggedIn(named('alice'), 'proxy-2');
    await written(world, again);
    expect(keysAt(world, 's1')).toEqual([KEYS.bob]);
  });

  it('has a holder in again whom a command was to keep out that its server refused', async () => {
    const { world, store } = await keeper();
    await holding(world, 'alice');
    const bob = await world.loggedIn(named('bob'));
    const how = { key: KEYS.bob, subject: KEYS.alice, kind: FOR_REGISTRANTS };
    expect(await world.of(bob.reserve(ACTION.preempt, how))).toBe(RESERVATION_CONFLICT);
    await successor(world, store);
    world.targets.s1.restart();
    expect(await written(world, await world.loggedIn(named('alice'), 'proxy-2'))).toBe(0);
    expect(keysAt(world, 's1')).toEqual([KEYS.alice]);
  });

  it('leaves what it had to the other, and bothers no server with it any more', async () => {
    const { world } = await keeper();
    const alice = await holding(world, 'alice');
    alice.close();
    await world.clock.advance(50);
    world.adapter.relinquish(SCOPE);
    expect(await world.switch('s1', 's2')).toEqual([]);
    await world.clock.advance(50);
    expect(world.targets.s2.sessions).toEqual([]);
  });
});
