import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GANESHA_DEFAULTS, Ganesha as GaneshaDriver } from '../../agent/ganesha.js';
import { NodeDisk } from '../../core/disk/node.js';
import type { ResourceId } from '../../core/domain.js';
import { MemorySessionStore } from '../../core/session-store/memory.js';
import { SERVER } from '../../core/table-store/records/server.js';
import { TestCluster } from '../support/cluster.js';
import { describeWith } from '../support/installed.js';
import { NfsTester } from '../support/nfs/client.js';
import { Ganesha } from '../support/nfs/ganesha.js';

/* The agents of two real nfs-ganesha let each export only what it owns: what is sent to the former server late is refused. */

const MOVES = 10;

describeWith('ganesha.nfsd')('exports that follow what is owned', () => {
  let data: string;
  let servers: Record<'s1' | 's2', Ganesha>;
  let cluster: TestCluster;

  beforeEach(async () => {
    data = await mkdtemp(join(tmpdir(), 'foreshift-nfs-'));
    const [s1, s2] = await Promise.all([
      Ganesha.start({ data, exportId: 77, isOwnedOnly: true }),
      Ganesha.start({ data, exportId: 78, isOwnedOnly: true }),
    ]);
    servers = { s1, s2 };
    cluster = new TestCluster({
      nfs: {
        exports: [
          {
            ...{ path: '/vol', resource: 'vol-1' as ResourceId, serverPath: data },
            ...{ clients: undefined, clientNames: [], isReadOnly: false, squash: 'none' },
            anonymous: { uid: 65_534, gid: 65_534 },
          },
        ],
        mountPortOf: (server) => servers[server as 's1' | 's2'].mountPort,
        handles: new MemorySessionStore(),
      },
    });
    await cluster.start();
    for (const name of ['s1', 's2'] as const) {
      const { port, mountPort, exports, pidFile } = servers[name];
      const { net, clock, log } = cluster;
      const reload = async (): Promise<void> => {
        process.kill(Number(await readFile(pidFile, 'utf8')), 'SIGHUP');
      };
      const attachments = new GaneshaDriver(
        { net, clock, log, disk: new NodeDisk(exports), reload },
        { ...GANESHA_DEFAULTS, mount: { host: '127.0.0.1', port: mountPort } },
      );
      const of = { name, resources: ['vol-1'], port, fence: 'attachment' as const, attachments };
      await cluster.addForeignServer(of);
    }
    await cluster.addRedirector('r1');
    await cluster.until('agents are known', () => cluster.view.all(SERVER).size === 2);
    expect(await cluster.switchTo([['vol-1', 's1']])).toBe('applied');
  }, 60_000);

  afterEach(async () => {
    await cluster.stop();
    await Promise.all([servers.s1.stop(), servers.s2.stop()]);
    await rm(data, { recursive: true, force: true });
  }, 60_000);

  it('refuse what comes late, and let clients of the redirector notice nothing', async () => {
    const [at = { host: '', port: 0 }] = cluster.nfsOf().addresses;
    const tester = new NfsTester(cluster.net, at);
    const root = await tester.mounted('/vol');
    const file = await tester.create(root, 'file');
    if (!(file instanceof Uint8Array)) throw new Error(`CREATE: ${String(file)}`);
    // Somebody who knows the server's own handles: as a redirector would that was stopped for a while.
    const direct = (name: 's1' | 's2'): NfsTester =>
      new NfsTester(cluster.net, { host: '127.0.0.1', port: servers[name].port });
    const ofMount = new NfsTester(cluster.net, { host: '127.0.0.1', port: servers.s1.mountPort });
    const rootAtS1 = await ofMount.mounted(data);
    const late = direct('s1');
    const fileAtS1 = await late.lookup(rootAtS1, 'file');
    if (!(fileAtS1 instanceof Uint8Array)) throw new Error(`LOOKUP: ${String(fileAtS1)}`);
    expect(await late.write(fileAtS1, 0, Buffer.from('early'))).toMatchObject({ committed: 0 });

    const progress = { isOver: false };
    const working = (async () => {
      for (let round = 0; !progress.isOver; round++) {
        const text = Buffer.from(`round ${round}`);
        expect(await tester.write(file, 0, text)).toMatchObject({ committed: 0 });
        expect(await tester.read(file, 0, text.length)).toEqual(Uint8Array.from(text));
      }
    })();
    for (let move = 0; move < MOVES; move++) {
      expect(await cluster.switchTo([['vol-1', move % 2 === 0 ? 's2' : 's1']])).toBe('applied');
      if (move % 2 !== 0) continue;
      expect(await late.write(fileAtS1, 0, Buffer.from('late'))).toBe(70);
      expect(typeof (await ofMount.mount(data))).toBe('number');
    }
    progress.isOver = true;
    await working;
    expect(await late.write(fileAtS1, 0, Buffer.from('in time'))).toMatchObject({ committed: 0 });
    expect([...cluster.nfsOf().counters.refused]).toEqual([]);
    for (const one of [tester, late, ofMount]) one.close();
  }, 120_000);
});
