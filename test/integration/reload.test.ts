import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Client, Pool } from 'undici';
import { freePort } from '../../demo/free-port.js';
import type { LogLine } from '../support/foreshift.js';
import { RunningUp } from '../support/foreshift.js';
import { Operator } from '../support/operator.js';
import { RawClient, answersIn } from '../support/raw-client.js';
import { rounds } from '../support/rounds.js';
import { untilWithin } from '../support/until.js';

/* SIGHUP under traffic: what can be changed is, what cannot is named, and no client notices. */

const RELOADS = rounds(10);
const RESOURCES = ['vol-1', 'vol-2'];
/** Of a listener of its own, by connections. */
const BY_TCP = 'vol-3';
const until = untilWithin(30_000);

describe.each([1, 2])('a reload of a process with %d threads for clients', (threads) => {
  let folder = '';
  let server: Server;
  let up: RunningUp;
  let ports = { first: 0, second: 0, tcp: 0 };
  let ran: string[] = [];
  /** What the server has not answered yet. */
  const held: (() => void)[] = [];
  /** By whose requests: the ports of the connections on which they came. */
  const cameFrom = new Map<string, Set<number | undefined>>();

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'foreshift-reload-'));
    server = createServer((asked, answer) => {
      ran.push(String(asked.headers['x-id']));
      const client = String(asked.headers['x-client']);
      cameFrom.set(client, (cameFrom.get(client) ?? new Set()).add(asked.socket.remotePort));
      asked.resume().on('end', () => {
        if (asked.url === '/vol-1/held') held.push(() => answer.end('well'));
        else answer.end('well');
      });
    });
    // It ends no connection that a test leaves idle.
    server.keepAliveTimeout = 0;
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    ports = { first: await freePort(), second: await freePort(), tcp: await freePort() };
    await write({});
    up = await RunningUp.start(folder);
    await new Operator(up.ready.api, until).placed(RESOURCES.length + 1);
  });

  afterAll(async () => {
    await up.stop();
    server.close();
    server.closeAllConnections();
    await rm(folder, { recursive: true, force: true });
  });

  interface Written {
    readonly level?: string;
    readonly target?: number | string;
    readonly dataDir?: string;
    readonly listeners?: readonly number[];
    readonly idleTimeoutMs?: number;
  }

  function write(written: Written): Promise<void> {
    const { level = 'info', target = 0.8, dataDir = './data', idleTimeoutMs = 60_000 } = written;
    const listeners = written.listeners ?? [ports.first];
    const { port } = server.address() as AddressInfo;
    const tcp = `{ listen: "127.0.0.1:${ports.tcp}", protocol: tcp, route: { resource: ${BY_TCP} } }`;
    return writeFile(
      join(folder, 'foreshift.yaml'),
      [
        `log: { level: ${level} }`,
        `dataDir: ${dataDir}`,
        'api: { listen: "127.0.0.1:0" }',
        'health: { listen: "127.0.0.1:0" }',
        'agents: { listen: "127.0.0.1:0" }',
        `listeners: [${[...listeners.map((at) => `{ listen: "127.0.0.1:${at}" }`), tcp].join(', ')}]`,
        `servers: [{ id: s1, address: "127.0.0.1:${port}", capacity: { cpu: 4 } }]`,
        `resources: { names: [${[...RESOURCES, BY_TCP].join(', ')}] }`,
        `planner: { target: ${target} }`,
        `http: { idleTimeoutMs: ${idleTimeoutMs} }`,
        `redirector: { workers: ${threads} }`,
        '',
      ].join('\n'),
    );
  }

  /** What was logged of it. */
  async function reload(written: Written): Promise<LogLine[]> {
    await write(written);
    const before = up.log.length;
    up.hangUp();
    const news = (): LogLine[] => up.log.slice(before);
    await until('the reload was logged', () => news().some(({ msg }) => msg.includes('reloaded')));
    return news();
  }

  /** To a client that comes new; 0: nobody listens. */
  async function answers(port: number): Promise<number> {
    const client = new Client(`http://127.0.0.1:${port}`);
    try {
      const { statusCode, body } = await client.request({ path: '/vol-1/x', method: 'GET' });
      await body.dump();
      return statusCode;
    } catch {
      return 0;
    } finally {
      await client.close();
    }
  }

  it(
    'fails no request, whatever it changes',
    async () => {
      ran = [];
      const told: { readonly id: string; readonly status: number }[] = [];
      let isOver = false;
      const pool = new Pool(`http://127.0.0.1:${ports.first}`, { connections: 4 });
      const workers = Array.from({ length: 4 }, async (_, worker) => {
        for (let number = 0; !isOver; number++) {
          const id = `${worker}-${number}`;
          const path = `/${RESOURCES[number % RESOURCES.length] ?? ''}/x`;
          const status = await pool
            .request({ path, method: 'POST', headers: { 'x-id': id }, body: 'hello' })
            .then(
              async ({ statusCode, body }) => {
                await body.dump();
                return statusCode;
              },
              () => 0,
            );
          told.push({ id, status });
        }
      });
      for (let number = 0; number < RELOADS; number++) {
        const before = told.length;
        await until('requests were answered', () => told.length >= before + 20);
        const isOdd = number % 2 === 0;
        const news = await reload({
          target: isOdd ? 0.7 : 0.6,
          idleTimeoutMs: isOdd ? 30_000 : 60_000,
          listeners: isOdd ? [ports.second, ports.first] : [ports.first],
        });
        expect(news.find(({ msg }) => msg === 'config reloaded')?.changed).toEqual(
          expect.arrayContaining(['planner.target', 'http.idleTimeoutMs', 'listeners']),
        );
        expect([number, await answers(ports.second)]).toEqual([number, isOdd ? 200 : 0]);
      }
      isOver = true;
      await Promise.all(workers);
      await pool.close();
      expect(told.filter(({ status }) => status !== 200)).toEqual([]);
      expect(told.length).toBeGreaterThan(100);
      expect(ran.filter((id) => id !== 'undefined').sort()).toEqual(
        told.map(({ id }) => id).sort(),
      );
    },
    9000 * RELOADS,
  );

  it('goes on with the very same connections, whether idle or in the midst of something', async () => {
    const names = ['idle', 'waiting', 'uploading', 'tcp idle', 'tcp uploading'] as const;
    const clients = new Map(
      names.map((name) => {
        const port = name.startsWith('tcp') ? ports.tcp : ports.first;
        return [name, new RawClient({ host: '127.0.0.1', port })] as const;
      }),
    );
    const send = (name: (typeof names)[number], text: string): Promise<void> =>
      clients.get(name)!.send([Buffer.from(text)]);
    const head = (name: string, id: string, path: string): string =>
      `POST ${path} HTTP/1.1\r\nhost: x\r\nx-client: ${name}\r\nx-id: ${id}\r\ncontent-length: 5\r\n\r\n`;
    const answered = (name: (typeof names)[number]): number =>
      answersIn(clients.get(name)!.text).filter(({ status }) => status === 200).length;
    await reload({});
    for (let number = 1; number <= 4; number++) {
      for (const name of ['idle', 'tcp idle'] as const) {
        await send(name, `${head(name, `${name} ${number}`, '/vol-1/x')}hello`);
        await until(`${name} is answered`, () => answered(name) === 2 * number - 1);
      }
      await send('waiting', `${head('waiting', 'held', '/vol-1/held')}hello`);
      await until('the server has it', () => held.length === 1);
      for (const name of ['uploading', 'tcp uploading'] as const) {
        await send(name, `${head(name, `${name} ${number}`, '/vol-1/x')}he`);
        await until(`${name} has begun`, () => ran.includes(`${name} ${number}`));
      }
      const isOdd = number % 2 === 1;
      const news = await reload({
        target: isOdd ? 0.7 : 0.8,
        idleTimeoutMs: isOdd ? 30_000 : 60_000,
        listeners: isOdd ? [ports.second, ports.first] : [ports.first],
      });
      expect(news.find(({ msg }) => msg === 'config reloaded')?.changed).toContain('listeners');
      held.splice(0).forEach((answer) => {
        answer();
      });
      for (const name of ['uploading', 'tcp uploading'] as const) await send(name, 'llo');
      for (const name of ['idle', 'tcp idle'] as const) {
        await send(name, `${head(name, 'again', '/vol-1/x')}hello`);
      }
      for (const name of names) {
        const count = name.endsWith('idle') ? 2 * number : number;
        await until(
          `${name} goes on`,
          () => answered(name) === count || clients.get(name)!.hasEnded,
        );
        expect([name, number, answered(name)]).toEqual([name, number, count]);
      }
    }
    expect(names.filter((name) => clients.get(name)!.hasEnded)).toEqual([]);
    // Nor was the connection of a TCP client to its server replaced behind it.
    expect(['tcp idle', 'tcp uploading'].map((name) => cameFrom.get(name)?.size)).toEqual([1, 1]);
    for (const client of clients.values()) client.destroy();
  });

  it('names what needs a restart, and leaves it as it was', async () => {
    const news = await reload({ dataDir: './other', target: 0.5 });
    expect(news.find(({ msg }) => msg === 'needs a restart')?.keys).toEqual(['dataDir']);
    expect(news.find(({ msg }) => msg === 'config reloaded')?.changed).toContain('planner.target');
    // Said again as long as it is so.
    const again = await reload({ dataDir: './other', target: 0.5 });
    expect(again.find(({ msg }) => msg === 'needs a restart')?.keys).toEqual(['dataDir']);
    expect(again.find(({ msg }) => msg === 'config reloaded')?.changed).toEqual([]);
  });

  it('of a file with a fault changes nothing, and says what, where and the fix', async () => {
    await reload({});
    const news = await reload({ target: 'high', listeners: [ports.first, ports.second] });
    const said = news.find(({ msg }) => msg === 'not reloaded, nothing changed');
    expect(said?.err?.code).toBe('ERR_CONFIG_INVALID');
    expect(said?.err?.message).toMatch(/foreshift\.yaml:9: planner\.target: /);
    expect(said?.remedy).toMatch(/Mend that line/);
    expect([await answers(ports.first), await answers(ports.second)]).toEqual([200, 0]);
  });

  it('changes nothing at all if a listener cannot be opened', async () => {
    await reload({});
    const taken = Number(up.ready.health.split(':')[1]);
    const news = await reload({ target: 0.4, listeners: [ports.first, ports.second, taken] });
    const said = news.find(({ msg }) => msg === 'not reloaded, nothing changed');
    expect(said?.err?.code).toBe('ERR_LISTEN_FAILED');
    expect([await answers(ports.first), await answers(ports.second)]).toEqual([200, 0]);
    const mended = await reload({ target: 0.4 });
    const { changed } = mended.find(({ msg }) => msg === 'config reloaded') ?? {};
    expect(changed).toEqual(['planner.target']);
  });
});
