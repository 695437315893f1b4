import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { freePort } from '../../demo/free-port.js';
import { RunningUp, foreshift } from '../support/foreshift.js';
import { describeWith } from '../support/installed.js';
import { Tgt, madeImage } from '../support/tgt.js';
import { untilWithin } from '../support/until.js';

/* `foreshift up` with a TCP listener, and `foreshift agent` beside each of two real tgtd: the target is where its resource is. */

const until = untilWithin(60_000);
const environment = { FORESHIFT_SECRET: 'the secret of a test of targets' };
const NAMES = ['s1', 's2'] as const;
const TARGET = 'iqn.2001-04.test:vol1';

describeWith(Tgt.program)('iSCSI targets as they are run', () => {
  let folder = '';
  const servers = new Map<string, Tgt>();
  const agents: RunningUp[] = [];
  let up: RunningUp;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'foreshift-tgt-up-'));
    const image = await madeImage(join(folder, 'image'), 16 << 20);
    await mkdir(join(folder, 'targets'));
    await writeFile(
      join(folder, 'foreshift.yaml'),
      [
        'mode: auto',
        'log: { level: error }',
        `api: { listen: "127.0.0.1:${await freePort()}" }`,
        'health: { listen: "127.0.0.1:0" }',
        `agents: { listen: "127.0.0.1:${await freePort()}" }`,
        `listeners: [{ listen: "127.0.0.1:${await freePort()}", protocol: tcp, route: { resource: vol-1 } }]`,
        'redirector: { healthCheckMs: 200, stopWaitMs: 0 }',
        '',
      ].join('\n'),
    );
    up = await RunningUp.start(folder, environment);
    for (const name of NAMES) {
      const server = await Tgt.start();
      servers.set(name, server);
      const targets = join(server.folder, 'targets');
      await mkdir(targets);
      const text = `<target ${TARGET}>\n  backing-store ${image}\n</target>\n`;
      await writeFile(join(targets, 'vol-1.target'), text);
      agents.push(await agentOf(name, server, targets));
    }
  });

  afterAll(async () => {
    for (const agent of agents) await agent.stop();
    await up.stop();
    for (const server of servers.values()) await server.dispose();
    await rm(folder, { recursive: true, force: true });
  });

  async function agentOf(name: string, server: Tgt, targets: string): Promise<RunningUp> {
    const { stdout } = await foreshift(['agent-token', name, '--json'], {
      cwd: folder,
      env: environment,
    });
    const { token } = JSON.parse(stdout) as { readonly token: string };
    return RunningUp.start(folder, { FORESHIFT_AGENT_TOKEN: token, ...server.environment }, [
      ...['agent', name, '--forward', `127.0.0.1:${server.at.port}`, '--data', `./agent-${name}`],
      ...['--control', '127.0.0.1:0', '--health', '127.0.0.1:0', '--resources', 'vol-1'],
      ...['--announce-to', `http://${up.ready.agents}`, '--tgt-targets', targets],
    ]);
  }

  /** Of the servers, those that have the target. */
  async function having(): Promise<string[]> {
    const has = await Promise.all(
      NAMES.map(async (name) => (await servers.get(name)?.targets())?.includes(TARGET) === true),
    );
    return NAMES.filter((_, at) => has[at]);
  }

  /** By libiscsi, at the one address. */
  async function serial(): Promise<string> {
    const url = `iscsi://${up.ready.proxy[0] ?? ''}/${TARGET}/1`;
    const { stdout } = await promisify(execFile)('iscsi-inq', ['-e', '1', '-c', '128', url]);
    return stdout;
  }

  it('moves a target off a server that is drained, and clients find the same unit at the same address', async () => {
    await until('it has a server', async () => (await having()).length === 1);
    const [source = ''] = await having();
    const before = await serial();
    const drained = await foreshift(['drain', source], { cwd: folder, env: environment });
    expect([drained.exit, drained.stderr]).toEqual([0, '']);
    await until('it has moved', async () => (await having()).join() === otherThan(source));
    expect(await serial()).toBe(before);
  });

  it('refuses to drive two kinds of servers at once', async () => {
    const both = ['--ganesha-exports', 'a', '--tgt-targets', 'b', '--resources', 'vol-1'];
    const ran = await foreshift(['agent', 's1', '--forward', '127.0.0.1:1', ...both], {
      cwd: folder,
      env: { FORESHIFT_AGENT_TOKEN: 'token' },
    });
    expect(ran.exit).toBe(64);
    expect(ran.stderr).toContain('no --ganesha-exports beside it');
  });
});

function otherThan(server: string): string {
  return NAMES.find((name) => name !== server) ?? '';
}
