import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { SystemClock } from '../core/clock/system.js';
import type { Address } from '../core/domain.js';
import { parseAddress } from '../core/domain.js';
import { NodeNet } from '../core/net/node.js';
import { freePort } from '../demo/free-port.js';
import { RunningUp } from '../test/support/foreshift.js';
import { Initiator } from '../test/support/iscsi/initiator.js';
import { NfsTester } from '../test/support/nfs/client.js';
import { Ganesha } from '../test/support/nfs/ganesha.js';
import { Tgt, madeImage } from '../test/support/tgt.js';
import { thisMachine } from '../demo/this-machine.js';
import { untilWithin } from '../test/support/until.js';
import { loadsSince, machineName } from './machine.js';
import { markdownTable, numberColumns } from './markdown-table.js';
import { residentKb } from './proxy-process.js';

/*
 * What sessions cost that do nothing: the memory of a whole `foreshift up` before and after so many iSCSI sessions, each with a session
 * of its own at a real tgtd, and so many NFS clients that have mounted an export of a real nfs-ganesha.
 *
 *   npm run bench -- storage-idle [--sessions 1000]
 *
 * Needs root and the servers.
 */

const { values: given } = parseArgs({
  options: { sessions: { type: 'string', default: '1000' } },
});
const SESSIONS = Number(given.sessions);
const GOAL_MB = 100;
const AT_ONCE = 25;
const SETTLE_MS = 5000;
const TARGET = 'iqn.2026-01.test:vol';
const until = untilWithin(60_000);
const loads = loadavg();

const clock = new SystemClock();
const net = new NodeNet(clock, thisMachine());
const folder = await mkdtemp(join(tmpdir(), 'foreshift-idle-'));
const image = await madeImage(join(folder, 'image'), 16 << 20);
const tgt = await Tgt.start([{ name: TARGET, units: [{ image }] }]);
const data = await mkdtemp(join(tmpdir(), 'foreshift-nfs-'));
const ganesha = await Ganesha.start({ data, exportId: 77 });
const ports = { iscsi: await freePort(), nfs: await freePort() };
await writeFile(
  join(folder, 'foreshift.yaml'),
  JSON.stringify({
    mode: 'auto',
    log: { level: 'error' },
    api: { listen: `127.0.0.1:${await freePort()}` },
    health: { listen: '127.0.0.1:0' },
    agents: { listen: `127.0.0.1:${await freePort()}` },
    listeners: [
      { listen: `127.0.0.1:${ports.iscsi}`, protocol: 'iscsi' },
      { listen: `127.0.0.1:${ports.nfs}`, protocol: 'nfs' },
    ],
    iscsi: { targets: [{ name: TARGET, resource: 'disk' }] },
    nfs: { exports: [{ path: '/home', resource: 'home', serverPath: data, squash: 'none' }] },
    servers: [
      { id: 'tgt', address: `127.0.0.1:${tgt.at.port}`, serves: ['disk'] },
      { id: 'ganesha', address: `127.0.0.1:${ganesha.port}`, serves: ['home'] },
    ],
    serverLinks: [{ match: 'ganesha', mountPort: ganesha.mountPort }],
    resources: { names: ['disk', 'home'] },
  }),
);
const up = await RunningUp.start(folder, { FORESHIFT_SECRET: 'the secret of a bench' });
const clients: { close(): void }[] = [];
try {
  const addresses: Readonly<Record<keyof typeof ports, Address>> = {
    iscsi: parseAddress(`127.0.0.1:${ports.iscsi}`),
    nfs: parseAddress(`127.0.0.1:${ports.nfs}`),
  };
  // One of each, which everything that is made once is made for.
  await until('the volumes are served', () => attempt(() => iscsiSession(addresses.iscsi, 0)));
  await until('the exports are served', () => attempt(() => nfsSession(addresses.nfs)));
  const rows: (readonly (string | number)[])[] = [];
  let isMet = true;
  for (const [what, open] of [
    ['iSCSI', (nth: number) => iscsiSession(addresses.iscsi, nth)],
    ['NFS', () => nfsSession(addresses.nfs)],
  ] as const) {
    const before = await settledKb();
    for (let nth = 1; nth <= SESSIONS; nth += AT_ONCE) {
      const group = Array.from(
        { length: Math.min(AT_ONCE, SESSIONS + 1 - nth) },
        (_, at) => nth + at,
      );
      await Promise.all(group.map(open));
    }
    const more = (await settledKb()) - before;
    isMet &&= more <= GOAL_MB * 1000;
    rows.push([
      what,
      SESSIONS,
      mb(before),
      mb(before + more),
      mb(more),
      (more / SESSIONS).toFixed(1),
    ]);
  }
  const titles = ['how many', 'MB before', 'MB with them', 'MB more', 'KB each'];
  console.log(
    markdownTable(
      numberColumns('sessions of', ...titles),
      rows.map((row) => row.map(String)),
    ),
  );
  console.log(`${machineName()}; load averages before and after: ${loadsSince(loads)}`);
  if (!isMet) {
    console.log(`more than ${GOAL_MB} MB`);
    process.exitCode = 1;
  }
} finally {
  for (const client of clients) client.close();
  await up.stop();
  await tgt.dispose();
  await ganesha.stop();
  for (const made of [folder, data]) await rm(made, { recursive: true, force: true });
}

/** Logged in, and with a command that a server has answered. */
async function iscsiSession(at: Address, nth: number): Promise<void> {
  const initiator = new Initiator(net, at, `iqn.2026-01.test:client-${nth}`);
  const status = await initiator.login(TARGET);
  const read = status === 0 ? await initiator.read(0, 8) : undefined;
  if (read === undefined) {
    initiator.close();
    throw new Error(`no session: ${String(status)}`);
  }
  clients.push(initiator);
}

/** Mounted, and with a call that a server has answered. */
async function nfsSession(at: Address): Promise<void> {
  const client = new NfsTester(net, at);
  const root = await client.mount('/home');
  const attributes = typeof root === 'number' ? root : await client.attributes(root);
  if (typeof attributes === 'number') {
    client.close();
    throw new Error(`no session: ${attributes}`);
  }
  clients.push(client);
}

async function attempt(open: () => Promise<void>): Promise<boolean> {
  return open().then(
    () => true,
    () => false,
  );
}

async function settledKb(): Promise<number> {
  await clock.sleep(SETTLE_MS);
  return residentKb(up.pid);
}

function mb(kb: number): string {
  return (kb / 1000).toFixed(1);
}
