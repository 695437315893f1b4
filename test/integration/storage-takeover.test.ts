import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, expect } from '@jest/globals';
import { productFolder } from '../../cli/product.js';
import { SystemClock } from '../../core/clock/system.js';
import { FIO } from '../../demo/fio.js';

import { RunningUp } from '../support/foreshift.js';
import { describeWithNetwork, itWith } from '../support/installed.js';
import { Namespaces } from '../support/namespaces.js';
import { Ganesha } from '../support/nfs/ganesha.js';
import { rounds } from '../support/rounds.js';
import type { ClientsSeen } from '../support/takeover-clients.js';
import { Tgt, madeImage } from '../support/tgt.js';
import { untilWithin } from '../support/until.js';

/*
 * Two redirectors, each on a machine of its own, and one address that clients of real tgtd and nfs-ganesha use. The holder of the
 * address is killed, again and again; what clients hold is in Redis. `ROUNDS=20` before jest: so many kills instead of two.
 */

const VIP = '10.89.0.100';
const SERVICES = '10.89.0.2';
const TARGET = 'iqn.2026-01.test:vol';
const LEASE_MS = 3000;
const REDIRECTORS = ['r1', 'r2'];
const KILLS = rounds(2);
const MOUNT_MS = 2000;
const IMAGE_BYTES = 16 << 20;
const PASSWORD = 'a password for the test of storage';
const ENVIRONMENT = {
  FORESHIFT_SECRET: 'a secret for the test of storage',
  FORESHIFT_REDIS_PASSWORD: PASSWORD,
};
const clock = new SystemClock();
const until = untilWithin(60_000);

describeWithNetwork('storage at one address of two redirectors', () => {
  let folder = '';
  let machines: Namespaces;
  const processes: ChildProcess[] = [];
  const targets: Tgt[] = [];
  const exporters: Ganesha[] = [];
  const running = new Map<string, RunningUp>();
  /** Once it has mounted or logged in, fio goes on after every break; before, it gives up. */
  const mounting = { isToWait: false, lastAtMs: -Infinity };

  async function startRedis(): Promise<void> {
    const settings = { bind: SERVICES, dir: folder, save: '', appendonly: 'yes' };
    const args = Object.entries({ ...settings, requirepass: PASSWORD }).flatMap(([name, value]) => [
      `--${name}`,
      value,
    ]);
    const child = machines.spawn('services', 'redis-server', ...args);
    processes.push(child);
    await new Promise<void>((resolve) => {
      child.stdout?.on('data', (chunk: Buffer) => {
        if (chunk.toString().includes('Ready to accept')) resolve();
      });
    });
  }

  async function startServers(): Promise<void> {
    const place = { host: SERVICES, within: machines.within('services') };
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
    for (const name of ['r0', ...REDIRECTORS]) {
      const addresses =
        name === 'r0'
          ? []
          : [
              '  addresses:',
              `    - { address: ${VIP}, interface: eth0 }`,
              '  takeover: { handBackAfterMs: 3600000 }',
            ];
      await writeFile(
        join(folder, `${name}.yaml`),
        [
          'mode: propose',
          `dataDir: ./${name}`,
          'log: { level: warn }',
          'health: { listen: "0.0.0.0:7702" }',
          'listeners:',
          '  - { listen: "[::]:3260", protocol: iscsi }',
          '  - { listen: "[::]:2049", protocol: nfs }',
          'iscsi:',
          `  targets: [{ name: "${TARGET}", resource: block }]`,
          'nfs:',
          `  exports: [{ path: /vol, resource: files, serverPath: ${data}, clients: [10.0.0.0/8], squash: none }]`,
          'serverLinks:',
          ...exporters.map(
            ({ mountPort }, nth) => `  - { match: n${nth}, mountPort: ${mountPort} }`,
          ),
          'tableStore: { engine: redis }',
          'sessionStore: { engine: redis }',
          'bus: { engine: redis }',
          `redis: { url: "redis://${SERVICES}:6379", commandTimeoutMs: 1000, connectTimeoutMs: 500 }`,
          'servers:',
          ...servers.map(
            ({ id, port, serves }) =>
              `  - { id: ${id}, address: "${SERVICES}:${port}", serves: [${serves}] }`,
          ),
          'resources: { names: [block, files] }',
          'redirector:',
          `  id: ${name}`,
          `  advertise: ${name === 'r0' ? SERVICES : addressOf(name)}`,
          `  memberLeaseMs: ${LEASE_MS}`,
          ...addresses,
          '',
        ].join('\n'),
      );
    }
  }

  async function start(name: string): Promise<void> {
    const args = ['redirector', '--config', `${name}.yaml`];
    running.set(name, await RunningUp.start(folder, ENVIRONMENT, args, machines.within(name)));
  }

  async function holder(): Promise<string> {
    const holders = (): string[] => REDIRECTORS.filter((name) => machines.has(name, VIP));
    await until('one has the address', () => holders().length === 1);
    return holders()[0] ?? '';
  }

  /** The holder of the address dies, and is there again when another has it. */
  async function takenOver(): Promise<void> {
    mounting.isToWait = true;
    await until('nobody mounts', () => clock.monotonicMs() > mounting.lastAtMs + MOUNT_MS);
    const dead = await holder();
    await running.get(dead)?.kill();
    await until('the other has it', async () => (await holder()) !== dead);
    await start(dead);
    mounting.isToWait = false;
    // Long enough for clients to come, work, and for the one that died to be ready.
    await clock.sleep(2 * LEASE_MS);
  }

  function startClients(): { readonly reserved: Promise<void>; end(): Promise<ClientsSeen> } {
    const main = `${productFolder}dist/test/support/takeover-clients.js`;
    const args = [VIP, '3260', '2049', TARGET, '/vol'];
    const child = machines.spawnHeard('client', process.execPath, main, ...args);
    processes.push(child);
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
    const all = { name: 'job', bs: '64k', size: '8m', rate: '1m', verify: 'crc32c', ...job };
    await until('there is somebody to mount from', () => !mounting.isToWait);
    mounting.lastAtMs = clock.monotonicMs();
    const args = Object.entries(all).map(([name, value]) => `--${name}=${value}`);
    const child = machines.spawnHeard('client', FIO, ...args, '--output-format=json');
    processes.push(child);
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
    folder = await mkdtemp(join(tmpdir(), 'foreshift-storage-takeover-'));
    machines = new Namespaces({
      services: [`${SERVICES}/24`],
      client: ['10.89.0.3/24'],
      ...Object.fromEntries(REDIRECTORS.map((name) => [name, [`${addressOf(name)}/24`]])),
    });
    await startRedis();
    await startServers();
    const args = ['up', '--config', 'r0.yaml'];
    running.set(
      'r0',
      await RunningUp.start(folder, ENVIRONMENT, args, machines.within('services')),
    );
    for (const name of REDIRECTORS) await start(name);
    await holder();
  });

  afterAll(async () => {
    for (const each of running.values()) await each.kill();
    for (const child of processes) child.kill('SIGKILL');
    for (const target of targets) await target.dispose();
    for (const exporter of exporters) await exporter.stop();
    machines.dispose();
    await rm(folder, { recursive: true, force: true });
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

function addressOf(redirector: string): string {
  return `10.89.0.1${redirector.slice(1)}`;
}
