import { once } from 'node:events';
import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, expect } from '@jest/globals';
import { productFolder } from '../../cli/product.js';
import { SystemClock } from '../../core/clock/system.js';
import { FIO } from '../../demo/fio.js';
import { describeWithNetwork, itWith } from '../support/installed.js';
import { Ganesha } from '../support/nfs/ganesha.js';
import { MEMBER_LEASE_MS, RedirectorMachines } from '../support/redirector-machines.js';
import { rounds } from '../support/rounds.js';
import type { ClientsSeen } from '../support/takeover-clients.js';
import { Tgt, madeImage } from '../support/tgt.js';
import { untilWithin } from '../support/until.js';

/*
 * Two redirectors, each on a machine of its own, and one address that clients of real tgtd and nfs-ganesha use. The holder of the
 * address is killed, again and again; what clients hold is in Redis. `ROUNDS=20` before jest: so many kills instead of two.
 */

const VIP = '10.89.0.100';
const TARGET = 'iqn.2026-01.test:vol';
const KILLS = rounds(2);
const MOUNT_MS = 2000;
const IMAGE_BYTES = 16 << 20;
const clock = new SystemClock();
const until = untilWithin(60_000);

describeWithNetwork('storage at one address of two redirectors', () => {
  let machines: RedirectorMachines;
  const targets: Tgt[] = [];
  const exporters: Ganesha[] = [];
  /** Once it has mounted or logged in, fio goes on after every break; before, it gives up. */
  const mounting = { isToWait: false, lastAtMs: -Infinity };

  /** What the config says of them. */
  async function startServers(): Promise<string[]> {
    const { folder, network, services } = machines;
    const place = { host: services, within: network.within('services') };
    const images = [];
    for (const nth of [1, 2]) {
      images.push(await madeImage(join(folder, `image-${nth}`), IMAGE_BYTES));
    }
    const data = await mkdtemp(join(folder, 'data-'));
    for (const nth of [0, 1]) {
      const units = images.map((image, at) => ({ image, identity: `unit-of-the-test-${at}` }));
      targets.push(await Tgt.start([{ name: TARGET, units }], place));
      exporters.push(await Ganesha.start({ data, exportId: 77 + nth, place }));
    }
    const servers = [
      ...targets.map(({ at }, nth) => ({ id: `t${nth}`, port: at.port, serves: 'block' })),
      ...exporters.map(({ port }, nth) => ({ id: `n${nth}`, port, serves: 'files' })),
    ];
    return [
      'nfs:',
      `  exports: [{ path: /vol, resource: files, serverPath: ${data}, clients: [10.0.0.0/8], squash: none }]`,
      'serverLinks:',
      ...exporters.map(({ mountPort }, nth) => `  - { match: n${nth}, mountPort: ${mountPort} }`),
      'servers:',
      ...servers.map(
        ({ id, port, serves }) =>
          `  - { id: ${id}, address: "${services}:${port}", serves: [${serves}] }`,
      ),
    ];
  }

  /** The holder of the address dies, and is there again when another has it. */
  async function takenOver(): Promise<void> {
    mounting.isToWait = true;
    await until('nobody mounts', () => clock.monotonicMs() > mounting.lastAtMs + MOUNT_MS);
    const dead = await machines.holder();
    await machines.the(dead).kill();
    await until('the other has it', async () => (await machines.holder()) !== dead);
    await machines.start(dead);
    mounting.isToWait = false;
    // Long enough for clients to come, work, and for the one that died to be ready.
    await clock.sleep(2 * MEMBER_LEASE_MS);
  }

  function startClients(): { readonly reserved: Promise<void>; end(): Promise<ClientsSeen> } {
    const main = `${productFolder}dist/test/support/takeover-clients.js`;
    const args = [VIP, '3260', '2049', TARGET, '/vol'];
    const child = machines.keep(
      machines.network.spawnHeard('client', process.execPath, main, ...args),
    );
    let last = '';
    let said = '';
    child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
    const ended = once(child, 'close');
    const reserved = new Promise<void>((resolve, reject) => {
      createInterface(child.stdout).on('line', (line) => {
        if (line === 'reserved') resolve();
        else last = line;
      });
      void ended.then(() => {
        reject(new Error(`the clients ended: ${said}`));
      });
    });
    return {
      reserved,
      end: async () => {
        child.stdin.end();
        await ended;
        if (last === '') throw new Error(`the clients say nothing: ${said}`);
        return JSON.parse(last) as ClientsSeen;
      },
    };
  }

  /** What fio comes to: an errno, or 84 for a wrong checksum. */
  async function fio(job: Readonly<Record<string, string>>): Promise<number> {
    const all = {
      name: 'job',
      bs: '64k',
      size: '8m',
      rate: '1m',
      verify: 'crc32c',
      verify_state_save: '0',
      ...job,
    };
    await until('there is somebody to mount from', () => !mounting.isToWait);
    mounting.lastAtMs = clock.monotonicMs();
    const args = Object.entries(all).map(([name, value]) => `--${name}=${value}`);
    const child = machines.keep(
      machines.network.spawnHeard('client', FIO, ...args, '--output-format=json'),
    );
    let said = '';
    child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
    await once(child, 'close');
    const error = /"error" : (\d+)/.exec(said)?.[1];
    if (error === undefined) throw new Error(`fio: ${said.slice(-1000)}`);
    return Number(error);
  }

  /** By fio, written and read until that is over; at least once. What each run comes to. */
  async function checked(
    job: Readonly<Record<string, string>>,
    progress: { readonly isOver: boolean },
  ): Promise<number[]> {
    const outcomes: number[] = [];
    do {
      outcomes.push(await fio({ ...job, rw: 'write', do_verify: '0' }));
      outcomes.push(await fio({ ...job, rw: 'read' }));
    } while (!progress.isOver);
    return outcomes;
  }

  beforeAll(async () => {
    machines = await RedirectorMachines.start({
      services: ['10.89.0.2'],
      client: ['10.89.0.3'],
      redirectors: { r1: ['10.89.0.11'], r2: ['10.89.0.12'] },
      address: VIP,
    });
    await machines.run(
      [
        'listeners:',
        '  - { listen: "[::]:3260", protocol: iscsi }',
        '  - { listen: "[::]:2049", protocol: nfs }',
        'iscsi:',
        `  targets: [{ name: "${TARGET}", resource: block }]`,
        'resources: { names: [block, files] }',
        ...(await startServers()),
      ],
      [
        'addresses:',
        `  - { address: ${VIP}, interface: eth0 }`,
        'takeover: { handBackAfterMs: 3600000 }',
      ],
    );
    await machines.holder();
  });

  afterAll(async () => {
    for (const target of targets) await target.dispose();
    for (const exporter of exporters) await exporter.stop();
    await machines.dispose();
  });

  itWith(FIO)(
    `is used through ${KILLS} kills: one login anew each, reservations and file handles good, and nothing is lost`,
    async () => {
      const clients = startClients();
      await clients.reserved;
      const progress = { isOver: false };
      const fios = Promise.all([
        checked(
          {
            ...{ ioengine: 'nfs', filename: 'fio' },
            nfs_url: `nfs://${VIP}/vol?version=3&nfsport=2049&mountport=2049`,
          },
          progress,
        ),
        checked(
          {
            ioengine: 'libiscsi',
            filename: `iscsi://${VIP}:3260/${TARGET}/2`.replaceAll(':', '\\:'),
          },
          progress,
        ),
      ]);
      await clock.sleep(3000);
      for (let kill = 0; kill < KILLS; kill++) {
        await takenOver();
      }
      progress.isOver = true;
      const outcomes = await fios;
      expect(outcomes.flat().filter((error) => error !== 0)).toEqual([]);
      const seen = await clients.end();
      process.stderr.write(`${KILLS} kills: ${JSON.stringify(seen)}\n`);
      const { holder: alice, nfs } = seen;
      expect([alice.failures, alice.wrong, alice.logins]).toEqual([[], 0, 1 + KILLS]);
      expect(alice.writes).toBeGreaterThan(100);
      expect(seen.intrusions).toEqual([]);
      expect(seen.keptOut).toBeGreaterThan(10);
      expect([nfs.failures, nfs.wrong]).toEqual([[], 0]);
      expect(nfs.connections).toBeGreaterThan(KILLS);
      expect(nfs.calls).toBeGreaterThan(100);
    },
    60_000 + KILLS * 30_000,
  );
});
