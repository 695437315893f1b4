import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ResourceId } from '../../core/domain.js';
import type { TestCluster } from '../support/cluster.js';
import { describeWith, itWith } from '../support/installed.js';
import { handleOf, hex } from '../support/nfs/client.js';
import type { NfsTester } from '../support/nfs/client.js';
import { GaneshaPair } from '../support/nfs/pair.js';
import { giveStandbys, movingWhile } from '../support/server-pair.js';

/* The export goes to and fro between two real servers while clients work. */

const FILES = 6;
const BLOCK_BYTES = 64 << 10;
const BLOCKS = 24;

describeWith('ganesha.nfsd')('NFS clients while their export moves', () => {
  let pair: GaneshaPair;
  let cluster: TestCluster;

  beforeEach(async () => {
    pair = await GaneshaPair.start();
    ({ cluster } = pair);
  });

  afterEach(() => pair.stop(), 60_000);

  it('write and read back what they wrote, by handles that stay good, on one connection', async () => {
    const tester = pair.client();
    const root = await tester.mounted('/vol');
    const verifiers = new Set<string>();
    const work = Array.from({ length: FILES }, async (_, nth) => {
      const file = handleOf(await tester.create(root, `file-${nth}`));
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
      expect(sha(await readFile(join(pair.data, `file-${nth}`)))).toBe(sha(content));
      expect(hex(await tester.lookup(root, `file-${nth}`))).toBe(hex(file));
    });
    const moves = await movingWhile(cluster, Promise.all(work), 10);
    expect(moves.length).toBeGreaterThanOrEqual(10);
    // What was written stayed written: nobody had to write anew.
    expect(verifiers.size).toBe(1);
    const { counters } = cluster.nfsOf();
    expect(counters.accepted).toBe(1);
    expect([...counters.refused]).toEqual([]);
    tester.close();
  });

  it('make, rename, list and remove files and directories, each once', async () => {
    const tester = pair.client();
    const root = await tester.mounted('/vol');
    const work = Array.from({ length: 4 }, async (_, nth) => {
      const dir = handleOf(await tester.makeDirectory(root, `dir-${nth}`));
      for (let round = 0; round < 15; round++) {
        const file = handleOf(await tester.create(dir, `a-${round}`, 'guarded'));
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
    await movingWhile(cluster, Promise.all(work), 10);
    expect([...(await tester.entries(root)).keys()].sort()).toEqual(['.', '..']);
    expect(cluster.nfsOf().counters.accepted).toBe(1);
    tester.close();
  });

  it('lose nothing with a server that is killed, and are told of no error', async () => {
    const { view } = cluster;
    await giveStandbys(cluster, 's2');
    const tester = pair.client();
    const root = await tester.mounted('/vol');
    const progress = { isOver: false };
    const work = Array.from({ length: FILES }, async (_, nth) => {
      const file = handleOf(await tester.create(root, `file-${nth}`));
      for (let round = 0; !progress.isOver; round++) {
        await writeSafely(tester, file, randomBytes(BLOCKS * BLOCK_BYTES));
        expect(await tester.rename(root, `file-${nth}`, root, `other-${nth}`)).toBe(0);
        expect(await tester.rename(root, `other-${nth}`, root, `file-${nth}`)).toBe(0);
      }
      const content = randomBytes(BLOCKS * BLOCK_BYTES);
      await writeSafely(tester, file, content);
      expect(sha(await readFile(join(pair.data, `file-${nth}`)))).toBe(sha(content));
    });
    await cluster.clock.sleep(300);
    await Promise.all([pair.servers.s1.kill(), cluster.servers.get('s1')?.stop()]);
    const isServed = (): boolean => view.table.placementOf('vol-1' as ResourceId)?.server === 's2';
    await cluster.until('the standby serves', isServed, 30_000);
    await cluster.clock.sleep(300);
    progress.isOver = true;
    await Promise.all(work);
    expect([...cluster.nfsOf().counters.refused]).toEqual([]);
    expect(cluster.nfsOf().counters.accepted).toBe(1);
    tester.close();
  });

  it('use the handles that they have at another redirector', async () => {
    const tester = pair.client();
    const root = await tester.mounted('/vol');
    const dir = handleOf(await tester.makeDirectory(root, 'dir'));
    const file = handleOf(await tester.create(dir, 'file'));
    await cluster.addRedirector('r2');
    expect(await cluster.switchTo([['vol-1', 's2']])).toBe('applied');
    const other = pair.client(1);
    expect(await other.attributes(file)).toEqual(await tester.attributes(file));
    // Issued since the other has looked.
    const late = handleOf(await tester.create(dir, 'late'));
    expect(await other.attributes(late)).toEqual(await tester.attributes(late));
    expect(hex(await other.lookup(dir, 'late'))).toBe(hex(late));
    for (const one of [tester, other]) one.close();
  });

  itWith('nfs-cp')('of libnfs copy a file in and out', async () => {
    const [{ port } = { port: 0 }] = cluster.nfsOf().addresses;
    const folder = await mkdtemp(join(tmpdir(), 'foreshift-nfs-cp-'));
    const url = `nfs://127.0.0.1/vol/big?version=3&nfsport=${port}&mountport=${port}`;
    const content = randomBytes(32 << 20);
    await writeFile(join(folder, 'in'), content);
    const copied = run('nfs-cp', join(folder, 'in'), url).then(() =>
      run('nfs-cp', url, join(folder, 'out')),
    );
    await movingWhile(cluster, copied, 6);
    expect(sha(await readFile(join(folder, 'out')))).toBe(sha(content));
    // Each of the two made connections for MOUNT and NFS, and no more.
    expect(cluster.nfsOf().counters.accepted).toBeLessThanOrEqual(6);
    await rm(folder, { recursive: true, force: true });
  });
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
