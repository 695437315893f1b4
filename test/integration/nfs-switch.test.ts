import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ResourceId, ServerId } from '../../core/domain.js';
import { MemorySessionStore } from '../../core/session-store/memory.js';
import { Draft } from '../../core/table-store/draft.js';
import { SERVER } from '../../core/table-store/records/server.js';
import { PLACEMENT } from '../../core/table-store/records/table.js';
import { TestCluster } from '../support/cluster.js';
import { describeWith, itWith } from '../support/installed.js';
import { NfsTester, hex } from '../support/nfs/client.js';
import { Ganesha } from '../support/nfs/ganesha.js';

/*
 * Two real nfs-ganesha over one directory, whose file handles say nothing to each other, behind a redirector; the export goes
 * to and fro between them while clients work.
 */

const EXPORT_IDS = { s1: 77, s2: 78 } as const;
const FILES = 6;
const BLOCK_BYTES = 64 << 10;
const BLOCKS = 24;

describeWith('ganesha.nfsd')('NFS clients while their export moves', () => {
  let data: string;
  let servers: Record<'s1' | 's2', Ganesha>;
  let cluster: TestCluster;

  beforeEach(async () => {
    data = await mkdtemp(join(tmpdir(), 'foreshift-nfs-'));
    const [s1, s2] = await Promise.all([
      Ganesha.start({ data, exportId: EXPORT_IDS.s1 }),
      Ganesha.start({ data, exportId: EXPORT_IDS.s2 }),
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
      const { port } = servers[name];
      await cluster.addForeignServer({ name, resources: ['vol-1'], port, fence: 'attachment' });
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

  function client(redirector = 0): NfsTester {
    const [at = { host: '127.0.0.1', port: 0 }] = cluster.nfsOf(redirector).addresses;
    return new NfsTester(cluster.net, at);
  }

  /** To and fro, as long as the work goes on; how often it moved. */
  async function movingWhile(work: Promise<unknown>, atLeast: number): Promise<number> {
    const progress = { isOver: false };
    const ended = work.finally(() => {
      progress.isOver = true;
    });
    let moves = 0;
    while (!progress.isOver || moves < atLeast) {
      const target = moves % 2 === 0 ? 's2' : 's1';
      expect(await cluster.switchTo([['vol-1', target]])).toBe('applied');
      moves += 1;
    }
    await ended;
    return moves;
  }

  it('write and read back what they wrote, by handles that stay good, on one connection', async () => {
    const tester = client();
    const root = await tester.mounted('/vol');
    const verifiers = new Set<string>();
    const work = Array.from({ length: FILES }, async (_, nth) => {
      const file = await tester.create(root, `file-${nth}`);
      if (!(file instanceof Uint8Array)) throw new Error(`CREATE: ${String(file)}`);
      const content = randomBytes(BLOCKS * BLOCK_BYTES);
      for (let block = 0; block < BLOCKS; block++) {
        const at = block * BLOCK_BYTES;
        const wrote = await tester.write(file, at, content.subarray(at, at + BLOCK_BYTES));
        if (typeof wrote === 'number') throw new Error(`WRITE: ${wrote}`);
        verifiers.add(wrote.verifier);
      }
      const committed = await tester.commit(file);
      if (typeof committed === 'number') throw new Error(`COMMIT: ${committed}`);
      verifiers.add(committed);
      const pieces: Uint8Array[] = [];
      for (let block = 0; block < BLOCKS; block++) {
        const piece = await tester.read(file, block * BLOCK_BYTES, BLOCK_BYTES);
        if (typeof piece === 'number') throw new Error(`READ: ${piece}`);
        pieces.push(piece);
      }
      expect(sha(Buffer.concat(pieces))).toBe(sha(content));
      expect(sha(await readFile(join(data, `file-${nth}`)))).toBe(sha(content));
      expect(hex(await tester.lookup(root, `file-${nth}`))).toBe(hex(file));
    });
    const moves = await movingWhile(Promise.all(work), 10);
    expect(moves).toBeGreaterThanOrEqual(10);
    // What was written stayed written: nobody had to write anew.
    expect(verifiers.size).toBe(1);
    const { counters } = cluster.nfsOf();
    expect(counters.accepted).toBe(1);
    expect([...counters.refused]).toEqual([]);
    tester.close();
  }, 120_000);

  it('make, rename, list and remove files and directories, each once', async () => {
    const tester = client();
    const root = await tester.mounted('/vol');
    const work = Array.from({ length: 4 }, async (_, nth) => {
      const dir = await tester.makeDirectory(root, `dir-${nth}`);
      if (!(dir instanceof Uint8Array)) throw new Error(`MKDIR: ${String(dir)}`);
      for (let round = 0; round < 15; round++) {
        const file = await tester.create(dir, `a-${round}`, 'guarded');
        if (!(file instanceof Uint8Array)) throw new Error(`CREATE: ${String(file)}`);
        expect(await tester.rename(dir, `a-${round}`, root, `b-${nth}-${round}`)).toBe(0);
        expect(await tester.link(file, dir, `c-${round}`)).toBe(0);
        expect(await tester.attributes(file)).toMatchObject({ type: 1 });
        expect([...(await tester.entries(dir)).keys()].sort()).toEqual(['.', '..', `c-${round}`]);
        expect(await tester.remove(root, `b-${nth}-${round}`)).toBe(0);
        expect(await tester.attributes(file)).toMatchObject({ type: 1 });
        expect(await tester.remove(dir, `c-${round}`)).toBe(0);
        expect(await tester.remove(dir, `c-${round}`)).toBe(2);
      }
      expect(await tester.removeDirectory(root, `dir-${nth}`)).toBe(0);
    });
    await movingWhile(Promise.all(work), 10);
    expect([...(await tester.entries(root)).keys()].sort()).toEqual(['.', '..']);
    expect(cluster.nfsOf().counters.accepted).toBe(1);
    tester.close();
  }, 120_000);

  it('lose nothing with a server that is killed, and are told of no error', async () => {
    const { store, view } = cluster;
    const draft = new Draft();
    for (const [id, { value }] of view.all(PLACEMENT)) {
      draft.expect(view, PLACEMENT, id).put(PLACEMENT, id, { ...value, standby: 's2' as ServerId });
    }
    expect((await store.transact(draft.transaction)).committed).toBe(true);
    const tester = client();
    const root = await tester.mounted('/vol');
    const progress = { isOver: false };
    const work = Array.from({ length: FILES }, async (_, nth) => {
      const file = await tester.create(root, `file-${nth}`);
      if (!(file instanceof Uint8Array)) throw new Error(`CREATE: ${String(file)}`);
      for (let round = 0; !progress.isOver; round++) {
        await writeSafely(tester, file, randomBytes(BLOCKS * BLOCK_BYTES));
        expect(await tester.rename(root, `file-${nth}`, root, `other-${nth}`)).toBe(0);
        expect(await tester.rename(root, `other-${nth}`, root, `file-${nth}`)).toBe(0);
      }
      const content = randomBytes(BLOCKS * BLOCK_BYTES);
      await writeSafely(tester, file, content);
      expect(sha(await readFile(join(data, `file-${nth}`)))).toBe(sha(content));
    });
    await cluster.clock.sleep(300);
    await Promise.all([servers.s1.kill(), cluster.servers.get('s1')?.stop()]);
    const isServed = (): boolean => view.table.placementOf('vol-1' as ResourceId)?.server === 's2';
    await cluster.until('the standby serves', isServed, 30_000);
    await cluster.clock.sleep(300);
    progress.isOver = true;
    await Promise.all(work);
    expect([...cluster.nfsOf().counters.refused]).toEqual([]);
    expect(cluster.nfsOf().counters.repeated).toBeGreaterThan(0);
    expect(cluster.nfsOf().counters.accepted).toBe(1);
    tester.close();
  }, 120_000);

  it('use the handles that they have at another redirector', async () => {
    const tester = client();
    const root = await tester.mounted('/vol');
    const dir = await tester.makeDirectory(root, 'dir');
    if (!(dir instanceof Uint8Array)) throw new Error(`MKDIR: ${String(dir)}`);
    const file = await tester.create(dir, 'file');
    if (!(file instanceof Uint8Array)) throw new Error(`CREATE: ${String(file)}`);
    await cluster.addRedirector('r2');
    expect(await cluster.switchTo([['vol-1', 's2']])).toBe('applied');
    const other = client(1);
    expect(await other.attributes(file)).toEqual(await tester.attributes(file));
    // Issued since the other has looked.
    const late = await tester.create(dir, 'late');
    if (!(late instanceof Uint8Array)) throw new Error(`CREATE: ${String(late)}`);
    expect(await other.attributes(late)).toEqual(await tester.attributes(late));
    expect(hex(await other.lookup(dir, 'late'))).toBe(hex(late));
    for (const one of [tester, other]) one.close();
  }, 60_000);

  itWith('nfs-cp')(
    'of libnfs copy a file in and out',
    async () => {
      const [{ port } = { port: 0 }] = cluster.nfsOf().addresses;
      const folder = await mkdtemp(join(tmpdir(), 'foreshift-nfs-cp-'));
      const url = `nfs://127.0.0.1/vol/big?version=3&nfsport=${port}&mountport=${port}`;
      const content = randomBytes(32 << 20);
      await writeFile(join(folder, 'in'), content);
      const copied = run('nfs-cp', join(folder, 'in'), url).then(() =>
        run('nfs-cp', url, join(folder, 'out')),
      );
      await movingWhile(copied, 6);
      expect(sha(await readFile(join(folder, 'out')))).toBe(sha(content));
      // Each of the two made connections for MOUNT and NFS, and no more.
      expect(cluster.nfsOf().counters.accepted).toBeLessThanOrEqual(6);
      await rm(folder, { recursive: true, force: true });
    },
    120_000,
  );
});

/** As the protocol wants it: what was written under another verifier than it is committed under is written again. */
async function writeSafely(tester: NfsTester, file: Uint8Array, content: Buffer): Promise<void> {
  for (;;) {
    const verifiers = new Set<string | number>();
    for (let at = 0; at < content.length; at += BLOCK_BYTES) {
      const wrote = await tester.write(file, at, content.subarray(at, at + BLOCK_BYTES));
      if (typeof wrote === 'number') throw new Error(`WRITE: ${wrote}`);
      verifiers.add(wrote.verifier);
    }
    const committed = await tester.commit(file);
    if (typeof committed === 'number') throw new Error(`COMMIT: ${committed}`);
    if (verifiers.add(committed).size === 1) return;
  }
}

function sha(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function run(program: string, ...args: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let said = '';
    for (const out of [child.stdout, child.stderr])
      out.on('data', (text) => (said += String(text)));
    child.once('error', reject);
    child.once('exit', (code) => {
      if (code === 0) resolve();
      else reject(new Error(`${program} ended with ${String(code)}: ${said}`));
    });
  });
}
