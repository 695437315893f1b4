import { describe, expect, it } from '@jest/globals';
import { XdrWriter } from '../../../../../core/onc-rpc/xdr.js';
import { handleOf } from '../../../../support/nfs/client.js';
import { SharedDisk } from '../../../../support/nfs/fake-server.js';
import { started } from '../../../../support/nfs/world.js';

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
