import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { request } from 'undici';
import type { Resources } from '../../api/contract/outlook.js';
import { SystemClock } from '../../core/clock/system.js';
import { NodeNet } from '../../core/net/node.js';
import { parseAddress } from '../../core/domain.js';
import { freePort } from '../../demo/free-port.js';
import { RunningUp, foreshift } from '../support/foreshift.js';
import { describeWith } from '../support/installed.js';
import { NfsTester, handleOf, hex } from '../support/nfs/client.js';
import { Ganesha } from '../support/nfs/ganesha.js';
import { thisMachine } from '../../demo/this-machine.js';
import { untilWithin } from '../support/until.js';

/* All of it as it is run: `foreshift up` with an NFS listener, and `foreshift agent` beside each of two real nfs-ganesha. */

const until = untilWithin(60_000);
const environment = { FORESHIFT_SECRET: 'the secret of a test of exports' };
const NAMES = ['s1', 's2'] as const;

describeWith('ganesha.nfsd')('NFS as it is run', () => {
  let folder = '';
  let data = '';
  const servers = new Map<string, Ganesha>();
  const agents: RunningUp[] = [];
  let up: RunningUp;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'foreshift-nfs-up-'));
    data = await mkdtemp(join(tmpdir(), 'foreshift-nfs-'));
    for (const [at, name] of NAMES.entries()) {
      servers.set(name, await Ganesha.start({ data, exportId: 77 + at, isOwnedOnly: true }));
    }
    await writeFile(
      join(folder, 'foreshift.yaml'),
      [
        'mode: auto',
        'log: { level: error }',
        `api: { listen: "127.0.0.1:${await freePort()}" }`,
        'health: { listen: "127.0.0.1:0" }',
        `agents: { listen: "127.0.0.1:${await freePort()}" }`,
        `listeners: [{ listen: "127.0.0.1:${await freePort()}", protocol: nfs }]`,
        'nfs:',
        '  exports:',
        `    - { path: /vol, resource: vol-1, serverPath: ${data}, clients: [127.0.0.0/8], squash: none }`,
        'serverLinks:',
        ...NAMES.map(
          (name) => `  - { match: ${name}, mountPort: ${servers.get(name)?.mountPort ?? 0} }`,
        ),
        'redirector: { healthCheckMs: 200, stopWaitMs: 0 }',
        '',
      ].join('\n'),
    );
    up = await RunningUp.start(folder, environment);
    for (const name of NAMES) agents.push(await agentOf(name));
  });

  afterAll(async () => {
    for (const agent of agents) await agent.stop();
    await up.stop();
    for (const server of servers.values()) await server.stop();
    for (const made of [folder, data]) await rm(made, { recursive: true, force: true });
  });

  async function agentOf(name: string): Promise<RunningUp> {
    const { port = 0, mountPort = 0, exports = '', pidFile = '' } = servers.get(name) ?? {};
    const { stdout } = await foreshift(['agent-token', name, '--json'], {
      cwd: folder,
      env: environment,
    });
    const { token } = JSON.parse(stdout) as { readonly token: string };
    return RunningUp.start(folder, { FORESHIFT_AGENT_TOKEN: token }, [
      ...['agent', name, '--forward', `127.0.0.1:${port}`, '--data', `./agent-${name}`],
      ...['--control', '127.0.0.1:0', '--health', '127.0.0.1:0', '--resources', 'vol-1'],
      ...['--announce-to', `http://${up.ready.agents}`, '--ganesha-exports', exports],
      ...['--ganesha-pid', pidFile, '--ganesha-mount-port', String(mountPort)],
    ]);
  }

  async function owner(): Promise<string | null> {
    const { body } = await request(`http://${up.ready.api}/v1/resources`);
    const { resources } = (await body.json()) as Resources;
    return resources.find(({ id }) => id === 'vol-1')?.server ?? null;
  }

  it('moves an export off a server that is drained, under a client that notices nothing', async () => {
    await until('it has a server', async () => (await owner()) !== null);
    const source = (await owner()) ?? '';
    const net = new NodeNet(new SystemClock(), thisMachine());
    const tester = new NfsTester(net, parseAddress(up.ready.proxy[0] ?? ''));
    const root = await tester.mounted('/vol');
    const file = handleOf(await tester.create(root, 'file'));
    expect(await tester.write(file, 0, Buffer.from('before'))).toMatchObject({ committed: 0 });
    const drained = await foreshift(['drain', source], { cwd: folder, env: environment });
    expect([drained.exit, drained.stderr]).toEqual([0, '']);
    await until('it has moved', async () => (await owner()) !== source);
    expect(hex(await tester.lookup(root, 'file'))).toBe(hex(file));
    expect(await tester.write(file, 6, Buffer.from(' and after'))).toMatchObject({ committed: 0 });
    expect(await readFile(join(data, 'file'), 'utf8')).toBe('before and after');
    expect(tester.isClosed).toBe(false);
    const { body } = await request(`http://${up.ready.health}/metrics`);
    const metrics = await body.text();
    expect(metrics).toContain('foreshift_nfs_connections_total 1\n');
    expect(metrics).toContain('foreshift_nfs_calls_total{procedure="WRITE"} 2\n');
    tester.close();
  });

  it('knows the handles that clients have after a kill -9', async () => {
    const net = new NodeNet(new SystemClock(), thisMachine());
    const at = parseAddress(up.ready.proxy[0] ?? '');
    const tester = new NfsTester(net, at);
    const file = handleOf(await tester.lookup(await tester.mounted('/vol'), 'file'));
    const before = await tester.attributes(file);
    await up.kill();
    up = await RunningUp.start(folder, environment);
    const again = new NfsTester(net, at);
    await until('it is served', async () => typeof (await again.attributes(file)) === 'object');
    expect(await again.attributes(file)).toEqual(before);
    for (const one of [tester, again]) one.close();
  });
});
