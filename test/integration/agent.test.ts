import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { request } from 'undici';
import type { Resources } from '../../api/contract/outlook.js';
import { freePort } from '../../demo/free-port.js';
import { RunningUp, foreshift } from '../support/foreshift.js';
import { untilWithin } from '../support/until.js';

/* An agent as a process of its own, beside a server that knows nothing of it: how it says how it is, reloads, and stops. */

const until = untilWithin(30_000);
const environment = { FORESHIFT_SECRET: 'the secret of a test of agents' };

describe('an agent as a process', () => {
  let folder = '';
  let server: Server;
  let up: RunningUp;
  let agent: RunningUp;

  async function listening(): Promise<number> {
    server = createServer((asked, answer) => asked.resume().on('end', () => answer.end('well')));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return (server.address() as AddressInfo).port;
  }

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'foreshift-agent-'));
    await writeFile(
      join(folder, 'foreshift.yaml'),
      [
        'log: { level: error }',
        'api: { listen: "127.0.0.1:0" }',
        'health: { listen: "127.0.0.1:0" }',
        `agents: { listen: "127.0.0.1:${await freePort()}" }`,
        'listeners: [{ listen: "127.0.0.1:0" }]',
        'redirector: { healthCheckMs: 200, stopWaitMs: 0 }',
        '',
      ].join('\n'),
    );
    await writeFile(join(folder, 'resources'), 'vol-1\nvol-2\n');
    up = await RunningUp.start(folder, environment);
    const { stdout } = await foreshift(['agent-token', 's1', '--json'], {
      cwd: folder,
      env: environment,
    });
    const { token } = JSON.parse(stdout) as { readonly token: string };
    agent = await RunningUp.start(folder, { FORESHIFT_AGENT_TOKEN: token }, [
      ...['agent', 's1', '--forward', `127.0.0.1:${await listening()}`],
      ...['--listen', '127.0.0.1:0', '--control', '127.0.0.1:0', '--health', '127.0.0.1:0'],
      ...['--announce-to', `http://${up.ready.agents}`, '--resources', '@resources'],
    ]);
  });

  afterAll(async () => {
    await up.stop();
    server.close();
    server.closeAllConnections();
    await rm(folder, { recursive: true, force: true });
  });

  async function ask(path: string): Promise<{ readonly status: number; readonly text: string }> {
    const { statusCode, body } = await request(`http://${agent.ready.health}${path}`);
    return { status: statusCode, text: await body.text() };
  }

  async function assigned(): Promise<string[]> {
    const { body } = await request(`http://${up.ready.api}/v1/resources`);
    const { resources } = (await body.json()) as Resources;
    return resources.flatMap((resource) => (resource.server === 's1' ? [resource.id] : []));
  }

  it('lives, is ready once it was announced, and tells its metrics', async () => {
    expect(await ask('/healthz')).toEqual({ status: 200, text: 'ok\n' });
    await until('it is ready', async () => (await ask('/readyz')).status === 200);
    expect((await ask('/metrics')).text).toContain('foreshift_build_info');
    await until('its resources are assigned', async () => (await assigned()).length === 2);
  });

  it('reads its resources again at SIGHUP; a fault among them changes nothing', async () => {
    await writeFile(join(folder, 'resources'), 'vol-1 vol-2 no/name\n');
    agent.hangUp();
    await until('it says so', () =>
      agent.log.some(
        ({ msg, err }) => msg.startsWith('not reloaded') && err?.code === 'ERR_NAME_INVALID',
      ),
    );
    await writeFile(join(folder, 'resources'), 'vol-1 vol-2 vol-3\n');
    agent.hangUp();
    await until('the third is assigned', async () => (await assigned()).includes('vol-3'));
    const { statusCode, body } = await request(`http://${up.ready.proxy[0] ?? ''}/vol-3/x`);
    expect([statusCode, await body.text()]).toEqual([200, 'well']);
  });

  it('is not ready while its server is away', async () => {
    server.close();
    server.closeAllConnections();
    await until('it is not ready', async () => (await ask('/readyz')).status === 503);
    expect((await ask('/readyz')).text).toBe('its server takes no connections\n');
    expect((await ask('/healthz')).status).toBe(200);
  });

  it('stops when it is told to', async () => {
    expect(await agent.stop()).toBe(0);
  });
});
