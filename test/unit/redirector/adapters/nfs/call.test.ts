import { describe, expect, it } from '@jest/globals';
import { handleOf, hex, named } from '../../../../support/nfs/client.js';
import type { NfsWorld } from '../../../../support/nfs/world.js';
import { started } from '../../../../support/nfs/world.js';

const JUKEBOX = 10_008;
const NFS = { program: 100_003, version: 3 };

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

  it('are asked again with all that was to be written, however long that is, and it is read as it is', async () => {
    const { world, client, root } = await started();
    const file = handleOf(await world.of(client.create(root, 'f')));
    const data = Buffer.from(Uint32Array.from({ length: 60_000 }, (_, at) => at).buffer);
    world.servers.s1.isMute = true;
    const writing = client.write(file, 0, data);
    await world.clock.advance(50);
    const written = world.disk.at('f');
    expect(written?.data.equals(data)).toBe(true);
    if (written !== undefined) written.data = Buffer.alloc(0);
    expect(await world.switch('s1', 's2', { isLost: true })).toEqual([]);
    expect(await world.of(writing)).toMatchObject({ committed: 0 });
    expect(written?.data.equals(data)).toBe(true);
    const read = [0, 40_000].map((at) => client.read(file, at, 200_000));
    for (const [nth, bytes] of (await world.of(Promise.all(read))).entries()) {
      expect(hex(bytes)).toBe(hex(data.subarray(40_000 * nth, 40_000 * nth + 200_000)));
    }
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
