import { afterAll, beforeAll, describe, expect } from '@jest/globals';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../demo/free-port.js';
import { foreshift, RunningUp } from '../support/foreshift.js';
import { itWith } from '../support/installed.js';
import type { Ran } from '../support/journaled-server.js';
import { JournaledServer, ranTwice } from '../support/journaled-server.js';
import { wrk } from '../support/wrk.js';
import { Operator } from '../support/operator.js';
import { untilWithin } from '../support/until.js';

/* Clients that nobody here wrote, through `foreshift up`, while an operator drains one server after the other. */

const RESOURCES = ['vol-1', 'vol-2', 'vol-3', 'vol-4', 'vol-5', 'vol-6'];
const SECRET = 'a secret for the test of real clients';

const until = untilWithin(30_000);
const journal: Ran[] = [];
let folder = '';
let up: RunningUp;
let servers: JournaledServer[] = [];
let proxyPort = 0;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'foreshift-clients-'));
  proxyPort = await freePort();
  const apiPort = await freePort();
  const agentsPort = await freePort();
  await writeFile(
    join(folder, 'foreshift.yaml'),
    [
      'mode: auto',
      'log: { level: error }',
      `api: { listen: "127.0.0.1:${apiPort}" }`,
      'health: { listen: "127.0.0.1:0" }',
      `agents: { listen: "127.0.0.1:${agentsPort}" }`,
      `listeners: [{ listen: "127.0.0.1:${proxyPort}" }]`,
      '',
    ].join('\n'),
  );
  servers = await JournaledServer.startAll(['s1', 's2'], {
    resources: RESOURCES,
    registration: `http://127.0.0.1:${agentsPort}`,
    secret: SECRET,
    journal,
    diskMs: 1,
    workMs: 3,
  });
  up = await RunningUp.start(folder, { FORESHIFT_SECRET: SECRET });
  await new Operator(up.ready.api, until).placed(RESOURCES.length);
});

afterAll(async () => {
  await up.stop();
  for (const server of servers) await server.stop();
  await rm(folder, { recursive: true, force: true });
});

/** Moves all that the server has; `foreshift` ends when it has nothing any more. */
async function drain(server: string): Promise<void> {
  const drained = await foreshift(['drain', server, '--timeout', '30', '--json'], { cwd: folder });
  expect(drained).toMatchObject({ exit: 0, stderr: '' });
  expect(JSON.parse(drained.stdout)).toMatchObject({ server, empty: true });
  expect(await foreshift(['undrain', server], { cwd: folder })).toMatchObject({ exit: 0 });
}

function runsOf(client: string): Ran[] {
  return journal.filter(({ id }) => id.startsWith(`${client}-`));
}

/** `undefined`: it ended well and has its own answer; else what it said. */
function curl(id: string, resource: string): Promise<string | undefined> {
  const url = `http://127.0.0.1:${proxyPort}/${resource}/x`;
  const args = ['-sS', '--fail', '--max-time', '15', '-H', `x-id: ${id}`, '-d', 'hello', url];
  return new Promise((resolve) => {
    execFile('curl', args, (error, stdout, stderr) => {
      const isWell = error === null && stdout === id;
      resolve(isWell ? undefined : `${id}: ${error?.message ?? ''} ${stdout} ${stderr}`);
    });
  });
}

describe('while an operator drains servers', () => {
  itWith('wrk')(
    'wrk meets no error, is answered 2xx only, and nothing of it runs twice',
    async () => {
      const connections = 8;
      let isOver = false;
      const draining = async (): Promise<void> => {
        await drain('s1');
        await drain('s2');
      };
      let [requests, times] = [0, 0];
      // Again and again, since on a busy machine nobody knows how long that takes.
      const working = async (): Promise<void> => {
        while (!isOver) {
          const options = {
            port: proxyPort,
            resources: RESOURCES,
            seconds: 5,
            connections,
            folder,
          };
          const { requests: answered, ...errors } = await wrk(options);
          expect(errors).toEqual({ non2xx: 0, connect: 0, read: 0, write: 0, timeout: 0 });
          requests += answered;
          times += 1;
        }
      };
      await Promise.all([
        draining().finally(() => {
          isOver = true;
        }),
        working(),
      ]);
      expect(requests).toBeGreaterThan(1000);
      expect(ranTwice(journal)).toEqual([]);
      // wrk cuts its last requests off: those it does not count.
      const runs = runsOf('wrk');
      expect(runs.length).toBeGreaterThanOrEqual(requests);
      expect(runs.length).toBeLessThanOrEqual(requests + times * connections);
      for (const resource of RESOURCES) {
        const owners = new Set(
          runs.filter((run) => run.resource === resource).map(({ server }) => server),
        );
        expect([...owners].sort()).toEqual(['s1', 's2']);
      }
    },
  );

  itWith('curl')('curl ends well each time, with the answer to what it asked', async () => {
    let isOver = false;
    const failures: string[] = [];
    const clients = [1, 2].map(async (client) => {
      let number = 0;
      for (; !isOver; number++) {
        const resource = RESOURCES[(number + client) % RESOURCES.length] ?? '';
        const failure = await curl(`curl-${client}-${number}`, resource);
        if (failure !== undefined) failures.push(failure);
      }
      return number;
    });
    try {
      await drain('s1');
      await drain('s2');
    } finally {
      isOver = true;
    }
    const [first = 0, second = 0] = await Promise.all(clients);
    expect(failures).toEqual([]);
    expect(first + second).toBeGreaterThan(50);
    expect(ranTwice(journal)).toEqual([]);
    expect(runsOf('curl')).toHaveLength(first + second);
  });
});
