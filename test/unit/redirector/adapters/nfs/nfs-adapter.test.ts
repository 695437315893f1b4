import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { MemorySessionStore } from '../../../../../core/session-store/memory.js';
import { fail } from '../../../../../core/errors.js';
import { trustsOf } from '../../../../../core/net/guard.js';
import { RPCSEC_GSS, callHead } from '../../../../../core/onc-rpc/message.js';
import { marked } from '../../../../../core/onc-rpc/record.js';
import { XdrWriter } from '../../../../../core/onc-rpc/xdr.js';
import { fuzzRuns } from '../../../../support/fuzz.js';
import { hex, named } from '../../../../support/nfs/client.js';
import type { NfsTester } from '../../../../support/nfs/client.js';
import type { NfsWorldOptions } from '../../../../support/nfs/world.js';
import { SharedDisk } from '../../../../support/nfs/fake-server.js';
import { NfsWorld } from '../../../../support/nfs/world.js';

const JUKEBOX = 10_008;
const STALE = 70;
const NFS = { program: 100_003, version: 3 };

async function started(
  given: NfsWorldOptions = {},
): Promise<{ world: NfsWorld; client: NfsTester; root: Uint8Array }> {
  const world = new NfsWorld(given);
  await world.start();
  const client = world.client();
  const root = await world.mounted(client);
  return { world, client, root };
}

function handleOf(found: Uint8Array | number | undefined): Uint8Array {
  if (found instanceof Uint8Array) return found;
  throw new Error(`no handle but ${String(found)}`);
}

describe('an NFS client behind a redirector', () => {
  it('gets handles of the redirector, and one file system whichever server is behind', async () => {
    const { world, client, root } = await started();
    const file = handleOf(await world.of(client.create(root, 'a')));
    expect(file).toHaveLength(20);
    expect(await world.of(client.write(file, 0, Buffer.from('hello')))).toMatchObject({
      committed: 0,
    });
    const before = await world.of(client.attributes(file));
    expect(await world.switch('s1', 's2')).toEqual([]);
    expect(await world.of(client.attributes(file))).toEqual(before);
    expect(await world.of(client.read(file, 0, 100))).toEqual(
      Uint8Array.from(Buffer.from('hello')),
    );
    expect(hex(await world.of(client.lookup(root, 'a')))).toBe(hex(file));
    expect(world.servers.s2.journal).toContain('READ');
    expect(before).toMatchObject({ type: 1, size: 5n });
  });

  it('lists handles that are those which it has, and none of what lies above', async () => {
    const { world, client, root } = await started();
    const dir = handleOf(await world.of(client.makeDirectory(root, 'd')));
    const file = handleOf(await world.of(client.create(dir, 'f')));
    for (const [source, target, epoch] of [
      ['s1', 's2', '1.2'],
      ['s2', 's1', '1.3'],
    ] as const) {
      const entries = await world.of(client.entries(dir));
      expect(hex(entries.get('f'))).toBe(hex(file));
      expect(hex(entries.get('.'))).toBe(hex(dir));
      expect(await world.switch(source, target, { epoch })).toEqual([]);
    }
    expect(hex((await world.of(client.entries(root))).get('..'))).toBe(hex(root));
  });

  it('waits while its export moves, and misses nothing', async () => {
    const { world, client, root } = await started();
    world.gate.hold(['vol-1' as never]);
    const creating = client.create(root, 'late', 'guarded');
    await world.clock.advance(100);
    expect(world.servers.s1.journal).not.toContain('CREATE');
    expect(await world.switch('s1', 's2')).toEqual([]);
    handleOf(await world.of(creating));
    expect(world.servers.s2.journal.filter((name) => name === 'CREATE')).toHaveLength(1);
    expect(world.servers.s1.journal).not.toContain('CREATE');
  });

  it('is told to try again where a move takes too long', async () => {
    const { world, client, root } = await started();
    world.gate.hold(['vol-1' as never]);
    expect(await world.of(client.lookup(root, 'a'))).toBe(JUKEBOX);
    expect(world.adapter.counters.refused.get('holdTooLong')).toBe(1);
  });

  it('has its handles after a restart, at another redirector, without asking what they were', async () => {
    const { world, client, root } = await started();
    const dir = handleOf(await world.of(client.makeDirectory(root, 'd')));
    const file = handleOf(await world.of(client.create(dir, 'f')));
    await world.restart();
    const again = world.client();
    expect(await world.of(again.attributes(file))).toMatchObject({ type: 1 });
    expect(await world.switch('s1', 's2')).toEqual([]);
    expect(await world.of(again.attributes(file))).toMatchObject({ type: 1 });
    expect(hex(await world.of(again.lookup(dir, 'f')))).toBe(hex(file));
    expect(hex(await world.mounted(again))).toBe(hex(root));
  });

  it('gets the handles that it has from a redirector that takes over', async () => {
    const { world, client, root } = await started();
    const other = await world.second();
    const file = handleOf(await world.of(client.create(root, 'f')));
    const late = world.client('client', other);
    expect(await world.of(late.attributes(file))).toMatchObject({ type: 1 });
    const dir = handleOf(await world.of(client.makeDirectory(root, 'd')));
    expect(await world.of(client.rename(root, 'f', dir, 'g'))).toBe(0);
    await world.of(other.adopt());
    expect(hex(await world.of(late.lookup(root, 'd')))).toBe(hex(dir));
    expect(hex(await world.of(late.lookup(dir, 'g')))).toBe(hex(file));
    expect(await world.switch('s1', 's2')).toEqual([]);
    expect(await world.of(late.attributes(file))).toMatchObject({ type: 1 });
  });

  it('may name two directories in one call that the redirector has heard of neither', async () => {
    const { world, client, root } = await started();
    const late = world.client('client', await world.second());
    const one = handleOf(await world.of(client.makeDirectory(root, 'one')));
    const two = handleOf(await world.of(client.makeDirectory(root, 'two')));
    handleOf(await world.of(client.create(one, 'f')));
    expect(await world.of(late.rename(one, 'f', two, 'g'))).toBe(0);
    expect(world.disk.at('two')?.entries.has('g')).toBe(true);
  });

  it('finds what it renamed on a server that never heard of it', async () => {
    const { world, client, root } = await started();
    const one = handleOf(await world.of(client.makeDirectory(root, 'one')));
    const two = handleOf(await world.of(client.makeDirectory(root, 'two')));
    const file = handleOf(await world.of(client.create(one, 'f')));
    expect(await world.of(client.rename(one, 'f', two, 'g'))).toBe(0);
    await world.restart();
    expect(await world.switch('s1', 's2')).toEqual([]);
    const again = world.client();
    expect(await world.of(again.attributes(file))).toMatchObject({ type: 1 });
    expect(hex(await world.of(again.lookup(two, 'g')))).toBe(hex(file));
    expect(await world.of(again.lookup(one, 'f'))).toBe(2);
  });

  it('keeps a file by its other name where one is removed', async () => {
    const { world, client, root } = await started();
    const file = handleOf(await world.of(client.create(root, 'a')));
    expect(await world.of(client.link(file, root, 'b'))).toBe(0);
    expect(await world.of(client.remove(root, 'a'))).toBe(0);
    expect(await world.switch('s1', 's2')).toEqual([]);
    expect(await world.of(client.attributes(file))).toMatchObject({ type: 1 });
  });

  it('is told that a handle is stale where another file has its name now', async () => {
    const { world, client, root } = await started();
    const file = handleOf(await world.of(client.create(root, 'a')));
    // Behind the redirector's back.
    world.disk.root.entries.delete('a');
    world.disk.root.entries.set('a', world.disk.make(false));
    expect(await world.switch('s1', 's2')).toEqual([]);
    expect(await world.of(client.attributes(file))).toBe(STALE);
    const other = handleOf(await world.of(client.lookup(root, 'a')));
    expect(hex(other)).not.toBe(hex(file));
  });

  it('notices nothing of a server that was set up anew, with other handles', async () => {
    const { world, client, root } = await started();
    const dir = handleOf(await world.of(client.makeDirectory(root, 'd')));
    const file = handleOf(await world.of(client.create(dir, 'f')));
    world.servers.s1.label = 's1 again';
    expect(await world.of(client.attributes(file))).toMatchObject({ type: 1 });
    expect(await world.of(client.lookup(root, 'd'))).toEqual(dir);
    // What is gone is gone all the same.
    world.disk.at('d')?.entries.delete('f');
    world.disk.nodes.delete(3n);
    expect(await world.of(client.attributes(file))).toBe(STALE);
  });

  it('may use the resources of several servers on one connection, and rename across none', async () => {
    const { world, client, root } = await started();
    const other = await world.mounted(client, '/other');
    const file = handleOf(await world.of(client.create(root, 'a')));
    handleOf(await world.of(client.create(other, 'b')));
    expect(await world.of(client.rename(root, 'a', other, 'a'))).toBe(18);
    expect(await world.of(client.link(file, other, 'a'))).toBe(18);
    expect(world.servers.s1.journal).toContain('CREATE');
    expect(world.servers.s2.journal).toContain('CREATE');
    expect(world.adapter.counters.accepted).toBe(1);
    expect(world.servers.s1.connections).toBe(1);
  });
});

describe('calls whose answers are lost', () => {
  /** The server carries it out, and dies before it says so; it comes up again. */
  async function lostAnswer(
    world: NfsWorld,
    call: () => Promise<unknown>,
    procedure: string,
    times = 2,
  ): Promise<unknown> {
    const { s1 } = world.servers;
    s1.isMute = true;
    const answer = call();
    await world.clock.advance(50);
    expect(s1.journal).toContain(procedure);
    await s1.kill();
    s1.isMute = false;
    s1.verifier = 's1-2....';
    await world.clock.advance(50);
    await s1.start();
    world.gate.unstall('s1' as never);
    const said = await world.of(answer);
    expect(s1.journal.filter((name) => name === procedure)).toHaveLength(times);
    return said;
  }

  it('are asked again; what was done is not refused as done already', async () => {
    const { world, client, root } = await started();
    handleOf(await world.of(client.create(root, 'gone')));
    handleOf(await world.of(client.create(root, 'old')));
    const linked = handleOf(await world.of(client.create(root, 'linked')));
    expect(await lostAnswer(world, () => client.remove(root, 'gone'), 'REMOVE')).toBe(0);
    expect(await lostAnswer(world, () => client.rename(root, 'old', root, 'new'), 'RENAME')).toBe(
      0,
    );
    expect(await lostAnswer(world, () => client.link(linked, root, 'too'), 'LINK')).toBe(0);
    expect(await lostAnswer(world, () => client.makeDirectory(root, 'd'), 'MKDIR')).toBeUndefined();
    handleOf(await world.of(client.lookup(root, 'd')));
    expect(world.adapter.counters.confirmed).toBe(4);
    expect([...world.disk.root.entries.keys()].sort()).toEqual(['d', 'linked', 'new', 'too']);
  });

  it('are refused as they would have been the first time', async () => {
    const { world, client, root } = await started();
    handleOf(await world.of(client.makeDirectory(root, 'there')));
    expect(await lostAnswer(world, () => client.makeDirectory(root, 'there'), 'MKDIR', 3)).toBe(17);
    expect(await lostAnswer(world, () => client.remove(root, 'never'), 'REMOVE')).toBe(2);
    expect(world.adapter.counters.confirmed).toBe(0);
  });

  it('go to the server that the resource has by then', async () => {
    const { world, client, root } = await started();
    const file = handleOf(await world.of(client.create(root, 'f')));
    world.servers.s1.isMute = true;
    const writing = client.write(file, 0, Buffer.from('data'));
    await world.clock.advance(50);
    expect(await world.switch('s1', 's2', { isLost: true })).toEqual([]);
    expect(await world.of(writing)).toMatchObject({ committed: 0 });
    expect(world.servers.s2.journal).toContain('WRITE');
    expect(world.disk.at('f')?.data.toString()).toBe('data');
  });

  it('make the client wait no longer than they may', async () => {
    const { world, client, root } = await started();
    await world.servers.s1.kill();
    expect(await world.of(client.lookup(root, 'a'))).toBe(JUKEBOX);
    expect(world.suspected).toContain('s1');
  });
});

describe('a client that asks again', () => {
  const of = { ...NFS, procedure: 12 };

  it('on another connection, since it has heard no answer, gets that of the first', async () => {
    const { world, client, root } = await started();
    handleOf(await world.of(client.create(root, 'a')));
    const first = await world.of(client.raw(of, named(root, 'a'), 77));
    client.close();
    await world.clock.advance(20);
    const again = await world.of(world.client().raw(of, named(root, 'a'), 77));
    expect(hex(again)).toBe(hex(first));
    expect(world.servers.s1.journal.filter((name) => name === 'REMOVE')).toHaveLength(1);
    expect(world.adapter.counters.answeredAgain).toBe(1);
    // Another call, whatever its number, is another call.
    const other = world.client();
    handleOf(await world.of(other.create(root, 'b')));
    await world.of(other.raw(of, named(root, 'b'), 77));
    expect(world.disk.at('b')).toBeUndefined();
  });

  it('while the first is under way gets its one answer', async () => {
    const { world, client, root } = await started();
    handleOf(await world.of(client.create(root, 'a')));
    world.gate.hold(['vol-1' as never]);
    void client.raw(of, named(root, 'a'), 77);
    await world.clock.advance(20);
    const again = world.client().raw(of, named(root, 'a'), 77);
    await world.clock.advance(20);
    client.close();
    await world.clock.advance(20);
    world.gate.resume(['vol-1' as never]);
    expect(hex((await world.of(again))?.subarray(24, 28))).toBe('00000000');
    expect(world.servers.s1.journal.filter((name) => name === 'REMOVE')).toHaveLength(1);
  });

  it('about what a lost server may have done, is not answered until that is known', async () => {
    const { world, client, root } = await started();
    handleOf(await world.of(client.create(root, 'a')));
    world.servers.s1.isMute = true;
    const removing = client.raw(of, named(root, 'a'), 77);
    await world.clock.advance(20);
    await world.servers.s1.kill();
    // Nobody takes over for long: the connection ends, and says neither yes nor no.
    expect(await world.of(removing)).toBeUndefined();
    expect(client.isClosed).toBe(true);
    world.servers.s1.isMute = false;
    await world.servers.s1.start();
    world.gate.unstall('s1' as never);
    const again = await world.of(world.client().raw(of, named(root, 'a'), 77));
    expect(hex(again?.subarray(24, 28))).toBe('00000000');
    expect(world.adapter.counters.confirmed).toBe(1);
  });
});

describe('what clients have written and not committed', () => {
  it('is committed before a move, so that nobody writes it again', async () => {
    const { world, client, root } = await started();
    const file = handleOf(await world.of(client.create(root, 'f')));
    const wrote = await world.of(client.write(file, 0, Buffer.from('data')));
    expect(await world.switch('s1', 's2')).toEqual([]);
    expect(world.servers.s1.journal).toContain('COMMIT');
    const committed = await world.of(client.commit(file));
    expect(wrote).toMatchObject({ verifier: committed });
  });

  it.each([
    ['the server starts anew', false],
    ['the server is lost', true],
  ])('is written again where %s', async (_, isLost) => {
    const { world, client, root } = await started();
    const file = handleOf(await world.of(client.create(root, 'f')));
    const wrote = await world.of(client.write(file, 0, Buffer.from('data')));
    if (isLost) {
      await world.servers.s1.kill();
      expect(await world.switch('s1', 's2', { isLost })).toEqual([]);
    } else {
      world.servers.s1.verifier = 's1-2....';
    }
    const committed = await world.of(client.commit(file));
    expect(wrote).not.toMatchObject({ verifier: committed });
    expect(await world.of(client.write(file, 0, Buffer.from('data')))).toMatchObject({
      verifier: committed,
    });
  });

  it('is written again where there is more than can be remembered', async () => {
    const { world, client, root } = await started({ options: { uncommittedMax: 2 } });
    let verifier = '';
    for (const name of ['a', 'b', 'c']) {
      const file = handleOf(await world.of(client.create(root, name)));
      const wrote = await world.of(client.write(file, 0, Buffer.from('data')));
      if (typeof wrote === 'object') ({ verifier } = wrote);
    }
    expect(await world.switch('s1', 's2')).toEqual([]);
    const file = handleOf(await world.of(client.lookup(root, 'a')));
    expect(await world.of(client.commit(file))).not.toBe(verifier);
  });
});

describe('a move of an export', () => {
  it('stays where it is if the target shows another file system', async () => {
    const { world, client, root } = await started();
    const file = handleOf(await world.of(client.create(root, 'f')));
    world.servers.s2.disk = new SharedDisk(100n);
    expect(await world.switch('s1', 's2')).toEqual(['s2 exports another file system for vol-1']);
    expect(await world.of(client.attributes(file))).toMatchObject({ type: 1 });
  });

  it('stays where it is if the target can do less at once than clients were told', async () => {
    const { world, client, root } = await started();
    const info = await world.of(client.call(19, new XdrWriter().opaque(root).done()));
    expect(info?.status).toBe(0);
    world.servers.s2.transferMax = 4096;
    expect(await world.switch('s1', 's2')).toEqual([
      's2 reads or writes less at once than clients were told',
    ]);
  });

  it('stays where it is if the target does not answer', async () => {
    const { world } = await started();
    await world.servers.s2.kill();
    expect(await world.switch('s1', 's2')).toEqual(['s2 does not answer as an NFS server']);
  });

  it('takes calls that do not end along if the policy is to cut, and waits for them otherwise', async () => {
    const patient = await started();
    patient.world.servers.s1.isMute = true;
    const looking = patient.client.lookup(patient.root, 'a');
    await patient.world.clock.advance(20);
    expect(await patient.world.switch('s1', 's2')).toEqual(['an NFS LOOKUP under way']);
    void looking;
    const hasty = await started({ drain: 'cut' });
    hasty.world.servers.s1.isMute = true;
    const cut = hasty.client.lookup(hasty.root, 'a');
    await hasty.world.clock.advance(20);
    expect(await hasty.world.switch('s1', 's2')).toEqual([]);
    expect(await hasty.world.of(cut)).toBe(2);
    expect(hasty.world.servers.s2.journal).toContain('LOOKUP');
  });
});

describe('who may what', () => {
  it('is said by the export: clients, reading only, and as whom', async () => {
    const world = new NfsWorld({ export: { clients: trustsOf(['10.0.0.0/8']) } });
    await world.start();
    const inside = world.client('10.0.0.5');
    const root = await world.mounted(inside);
    const outside = world.client('11.0.0.5');
    expect(await world.of(outside.mount('/vol'))).toBe(13);
    // Who has learned of a handle otherwise cannot use it.
    expect(await world.of(outside.attributes(root))).toBe(13);
    expect(await world.of(inside.attributes(root))).toMatchObject({ type: 2 });
    const open = await started({ export: { isReadOnly: true, squash: 'root' } });
    expect(await open.world.of(open.client.create(open.root, 'a'))).toBe(30);
    expect(await open.world.of(open.client.lookup(open.root, 'a'))).toBe(2);
    expect(open.world.servers.s1.identities.at(-1)).toEqual({ uid: 65_534, gid: 65_534, gids: [] });
    expect(open.world.servers.s1.journal).not.toContain('CREATE');
  });
});

describe('what is no call for a server', () => {
  it('is answered by what the protocol has for it', async () => {
    const { world, client, root } = await started();
    const forged = Uint8Array.from(root);
    forged[10] = (forged[10] ?? 0) ^ 1;
    expect(await world.of(client.attributes(forged))).toBe(STALE);
    expect(await world.of(client.attributes(new Uint8Array(32)))).toBe(10_001);
    const { of } = { of: (promise: Promise<Uint8Array | undefined>) => world.of(promise) };
    const statusAt20 = (reply: Uint8Array | undefined): string => hex(reply?.subarray(20, 24));
    const nothing = new Uint8Array(0);
    expect(statusAt20(await of(client.raw({ ...NFS, procedure: 22 }, nothing)))).toBe('00000003');
    expect(statusAt20(await of(client.raw({ ...NFS, procedure: 1 }, nothing)))).toBe('00000004');
    expect(statusAt20(await of(client.raw({ ...NFS, procedure: 0 }, nothing)))).toBe('00000000');
    const v4 = { ...NFS, version: 4, procedure: 0 };
    expect(hex((await of(client.raw(v4, nothing)))?.subarray(20))).toBe('000000020000000300000003');
    const unknown = { program: 100_021, version: 4, procedure: 0 };
    expect(statusAt20(await of(client.raw(unknown, nothing)))).toBe('00000001');
    const gss = new XdrWriter().number(RPCSEC_GSS).opaque(new Uint8Array(20)).done();
    const secured = callHead({ ...NFS, xid: 5, procedure: 1, credentials: gss }).done();
    expect(hex((await of(client.send(5, secured)))?.subarray(8))).toBe(
      '00000001' + '00000001' + '00000002',
    );
    expect(client.isClosed).toBe(false);
  });

  it('is what MOUNT and the portmapper know by themselves', async () => {
    const { world, client } = await started();
    expect(await world.of(client.exports())).toEqual(['/vol', '/other']);
    expect(await world.of(client.dump())).toEqual(['client /vol']);
    expect(await world.of(client.mount('/nowhere'))).toBe(2);
    expect(await world.of(client.mount('/vol/../x'))).toBe(13);
    const getPort = new XdrWriter().number(100_003).number(3).number(6).number(0).done();
    const port = await world.of(
      client.raw({ program: 100_000, version: 2, procedure: 3 }, getPort),
    );
    expect(hex(port?.subarray(24))).toBe('00000801');
  });

  it('leads into directories below what is exported', async () => {
    const { world, client, root } = await started();
    const dir = handleOf(await world.of(client.makeDirectory(root, 'sub')));
    expect(hex(await world.mounted(client, '/vol/sub'))).toBe(hex(dir));
    expect(await world.of(client.mount('/vol/none'))).toBe(2);
  });
});

describe('a session store that is away', () => {
  class Away extends MemorySessionStore {
    isAway = false;

    override put(...args: Parameters<MemorySessionStore['put']>): Promise<void> {
      if (this.isAway)
        return Promise.resolve().then(() => fail('ERR_STORE_UNAVAILABLE', { store: 'test' }));
      return super.put(...args);
    }
  }

  it('costs new handles only: what is made is made, and what is asked for by name waits', async () => {
    const handles = new Away();
    const { world, client, root } = await started({ handles });
    const old = handleOf(await world.of(client.create(root, 'old')));
    handles.isAway = true;
    expect(await world.of(client.create(root, 'new'))).toBeUndefined();
    expect(await world.of(client.lookup(root, 'new'))).toBe(JUKEBOX);
    expect(await world.of(client.attributes(old))).toMatchObject({ type: 1 });
    const entries = await world.of(client.entries(root));
    expect(hex(entries.get('old'))).toBe(hex(old));
    expect(entries.has('new')).toBe(true);
    expect(entries.get('new')).toBeUndefined();
    handles.isAway = false;
    handleOf(await world.of(client.lookup(root, 'new')));
  });
});

describe('limits', () => {
  it('keep one client from having too much under way, without losing any of it', async () => {
    const { world, client, root } = await started({ options: { callsPerConnectionMax: 4 } });
    const all = Array.from({ length: 200 }, (_, nth) => client.lookup(root, `n-${nth}`));
    expect(new Set(await world.of(Promise.all(all)))).toEqual(new Set([2]));
    const big = handleOf(await world.of(client.create(root, 'big')));
    const limited = Array.from({ length: 20 }, (_, nth) =>
      client.write(big, nth * 1000, new Uint8Array(1000)),
    );
    expect(await world.of(Promise.all(limited))).toHaveLength(20);
    expect(world.adapter.counters).toMatchObject({ calls: 0, callBytes: 0 });
  });

  it('end connections whose records are beyond them, and no other', async () => {
    const { world, client, root } = await started();
    const other = world.client();
    await world.of(other.exports());
    other.connection.write(Buffer.from('ffffffff', 'hex'));
    await world.clock.advance(50);
    expect(other.isClosed).toBe(true);
    expect(await world.of(client.lookup(root, 'a'))).toBe(2);
    expect(world.adapter.counters.cut.get('records')).toBe(1);
  });

  it('hold against anything that may be sent, and nobody else notices', async () => {
    const { world, client, root } = await started();
    const file = handleOf(await world.of(client.create(root, 'a')));
    const credentials = new XdrWriter().number(0).number(0).done();
    const calls = Array.from({ length: 22 }, (_, procedure) => {
      const head = callHead({ ...NFS, xid: procedure, procedure, credentials });
      return Buffer.from(marked(head.raw(named(file, 'b')).raw(named(root, 'c')).done()));
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.tuple(
            fc.constantFrom(...calls),
            fc.array(fc.tuple(fc.nat(), fc.constantFrom(0, 1, 0x7f, 0x80, 0xff)), { maxLength: 4 }),
            fc.nat(200),
          ),
          { minLength: 1, maxLength: 4 },
        ),
        async (messages) => {
          const hostile = world.client('hostile');
          await world.clock.advance(5);
          for (const [message, changes, cut] of messages) {
            const bytes = Uint8Array.from(message);
            for (const [at, value] of changes) bytes[at % bytes.length] = value;
            hostile.connection.write(bytes.subarray(0, bytes.length - (cut % 8)));
          }
          await world.clock.advance(20);
          hostile.close();
        },
      ),
      fuzzRuns(500),
    );
    await world.clock.advance(10_000);
    expect(await world.of(client.attributes(file))).toMatchObject({ type: 1 });
    expect(world.adapter.counters).toMatchObject({ calls: 0, callBytes: 0, connections: 1 });
  });

  it('let handles go that nobody has used, once there are too many', async () => {
    const { world, client, root } = await started({ options: { handlesMax: 10 } });
    const first = handleOf(await world.of(client.create(root, 'first')));
    for (let nth = 0; nth < 30; nth++) handleOf(await world.of(client.create(root, `n-${nth}`)));
    expect(world.adapter.handles.size).toBeLessThanOrEqual(10);
    expect(world.adapter.handles.evicted).toBeGreaterThan(0);
    expect(await world.of(client.attributes(first))).toBe(STALE);
    handleOf(await world.of(client.lookup(root, 'first')));
  });
});
