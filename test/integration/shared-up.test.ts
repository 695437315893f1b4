import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { request } from 'undici';
import { freePort } from '../../demo/free-port.js';
import { RunningUp } from '../support/foreshift.js';
import { Operator } from '../support/operator.js';
import { untilWithin } from '../support/until.js';

const until = untilWithin(20_000);

describe('`up` with a shared resource', () => {
  let folder = '';
  let servers: Server[] = [];
  let up: RunningUp;
  let proxy = '';

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'foreshift-shared-'));
    servers = ['s1', 's2'].map((name) => createServer((_, answer) => answer.end(name)));
    for (const server of servers) {
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    }
    const declared = servers.map((server, at) => {
      const { port } = server.address() as AddressInfo;
      return `  - { id: s${at + 1}, address: "127.0.0.1:${port}", capacity: { cpu: 4 } }`;
    });
    const port = await freePort();
    proxy = `http://127.0.0.1:${port}`;
    await writeFile(
      join(folder, 'foreshift.yaml'),
      [
        'mode: auto',
        'api: { listen: "127.0.0.1:0" }',
        'health: { listen: "127.0.0.1:0" }',
        'agents: { listen: "127.0.0.1:0" }',
        `listeners: [{ listen: "127.0.0.1:${port}" }]`,
        'servers:',
        ...declared,
        'resources: { names: [web, vol-1], policies: [{ match: "web*", shared: {} }] }',
        '',
      ].join('\n'),
    );
    up = await RunningUp.start(folder);
  });

  afterAll(async () => {
    await up.stop();
    for (const server of servers) {
      server.closeAllConnections();
      server.close();
    }
    await rm(folder, { recursive: true, force: true });
  });

  /** Who answered each of so many requests. */
  async function answers(path: string, count: number): Promise<ReadonlySet<string>> {
    const found = new Set<string>();
    for (let each = 0; each < count; each++) {
      const { statusCode, body } = await request(`${proxy}/${path}`);
      found.add(`${statusCode} ${await body.text()}`);
    }
    return found;
  }

  it('sends its requests to all servers, and places only what is exclusive', async () => {
    // Of the two names one is placed; the plan for it is the only one.
    await new Operator(up.ready.api, until).placed(1);
    await until('the shared one is served', async () => {
      const { statusCode, body } = await request(`${proxy}/web`);
      await body.dump();
      return statusCode === 200;
    });
    expect(await answers('web', 100)).toEqual(new Set(['200 s1', '200 s2']));
    expect((await answers('vol-1', 50)).size).toBe(1);
    const metrics = await request(`http://${up.ready.health}/metrics`);
    const text = await metrics.body.text();
    expect(text).toContain('foreshift_shared_resources 1');
    expect(text).toMatch(/foreshift_server_in_flight\{server="s1"\} 0/);
  });
});
