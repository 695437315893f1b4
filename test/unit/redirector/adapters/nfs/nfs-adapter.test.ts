import { describe, expect, it } from '@jest/globals';
import { trustsOf } from '../../../../../core/net/guard.js';
import { RPCSEC_GSS, callHead } from '../../../../../core/onc-rpc/message.js';
import { XdrWriter } from '../../../../../core/onc-rpc/xdr.js';
import { handleOf, hex } from '../../../../support/nfs/client.js';
import { NfsWorld, started } from '../../../../support/nfs/world.js';

const JUKEBOX = 10_008;
const STALE = 70;
const NFS = { program: 100_003, version: 3 };

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
