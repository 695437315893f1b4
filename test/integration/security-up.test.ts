import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { rename, writeFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { request as plainRequest } from 'node:http';
import { createServer, request as secureRequest } from 'node:https';
import type { AddressInfo, Server, Socket } from 'node:net';
import { connect, createServer as createTcpServer } from 'node:net';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { connect as connectTls } from 'node:tls';
import { SystemClock } from '../../core/clock/system.js';
import { loadConfig } from '../../core/config/load.js';
import { SILENT_LOG } from '../../core/log.js';
import type { Certificate } from '../../core/net/tls/server-tls.js';
import { readProxyHeader } from '../../core/net/proxy-header.js';
import { SeededRng } from '../../core/rng.js';
import { Services } from '../../cli/services/services.js';
import { TcpAdapter } from '../../redirector/adapters/tcp/tcp-adapter.js';
import { Authority } from '../support/certificates.js';
import { r } from '../support/names.js';
import { temporaryDisk } from '../support/temporary.js';
import { untilWithin } from '../support/until.js';

/* Everything in one process, as a config wants it: TLS on both sides, through, and proxies before and behind. */

const authority = new Authority();
const until = untilWithin(20_000);
let folder: Awaited<ReturnType<typeof temporaryDisk>>;
let secureServer: Server;
let proxiedServer: Server;
let up: Services;
/** What the server behind the PROXY protocol was told, and heard after it. */
const told: { readonly source: unknown; readonly text: string }[] = [];

async function put(name: string, { chain, key }: Certificate): Promise<void> {
  for (const [file, text] of [
    [`${name}.pem`, chain],
    [`${name}.key`, key],
  ] as const) {
    const path = join(folder.folder, file);
    await writeFile(`${path}.new`, text);
    await rename(`${path}.new`, path);
  }
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}

/** HTTPS, TCP with TLS, TCP with names. */
function ports(): [https: number, tls: number, names: number] {
  const [https = 0, tls = 0, names = 0] = up.listeners.map(({ port }) => port);
  return [https, tls, names];
}

async function begin(threads: number): Promise<void> {
  folder = await temporaryDisk();
  await put('front', authority.issue(['front.example']));
  await put('ours', authority.issue(['redirector']));
  await writeFile(join(folder.folder, 'ca.pem'), authority.certificate);
  const own = authority.issue(['behind.example']);
  secureServer = createServer(
    {
      cert: own.chain,
      key: own.key,
      ca: authority.certificate,
      requestCert: true,
      rejectUnauthorized: true,
    },
    (request, response) => {
      const { subject } = (request.socket as TLSSocket).getPeerCertificate();
      response.setHeader('x-shown', String(subject.CN));
      response.end(String(request.headers['x-forwarded-proto']));
    },
  );
  proxiedServer = createTcpServer((socket) => {
    let sofar = Buffer.alloc(0);
    socket.on('error', () => undefined);
    socket.on('data', (bytes: Buffer) => {
      sofar = Buffer.concat([sofar, bytes]);
      const header = readProxyHeader(sofar);
      if (typeof header !== 'object') return;
      const text = sofar.subarray(header.bytes).toString();
      if (!text.endsWith('\n')) return;
      told.push({ source: header.source, text });
      socket.end('heard\n');
    });
  });
  for (const server of [secureServer, proxiedServer])
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const text = `
mode: auto
api: { listen: "127.0.0.1:0" }
health: { listen: "127.0.0.1:0" }
agents: { listen: "127.0.0.1:0" }
redirector: { workers: ${threads}, memberLeaseMs: 600, servingLeaseMs: 600, healthCheckMs: 100 }
listeners:
  - listen: "127.0.0.1:0"
    tls: { certificates: [{ certificateFile: front.pem, keyFile: front.key }] }
    route: { pathPrefix: { /: web } }
  - listen: "127.0.0.1:0"
    protocol: tcp
    tls: { certificates: [{ certificateFile: front.pem, keyFile: front.key }] }
    proxyProtocolFrom: [127.0.0.2]
    route: { resource: lun }
  - listen: "127.0.0.1:0"
    protocol: tcp
    route: { serverName: { behind.example: web } }
serverLinks:
  - match: secure
    tls:
      caFile: ca.pem
      serverName: behind.example
      certificate: { certificateFile: ours.pem, keyFile: ours.key }
  - { match: proxied, proxyProtocol: v2 }
servers:
  - { id: secure, address: "127.0.0.1:${portOf(secureServer)}", serves: [web] }
  - { id: proxied, address: "127.0.0.1:${portOf(proxiedServer)}", serves: [lun] }
resources: { names: [web, lun] }
`;
  const { config } = loadConfig({ file: 'test', text, environment: {} });
  up = await Services.open(config, {
    clock: new SystemClock(),
    rng: new SeededRng(1),
    log: SILENT_LOG,
    version: 'test',
    secret: 'a secret for tests',
    dataDir: folder.folder,
    folder: folder.folder,
  });
  await up.start();
  await until('all is placed', () =>
    ['web', 'lun'].every((id) => up.view.table.placementOf(r(id)) !== undefined),
  );
}

async function end(): Promise<void> {
  await up.stop();
  secureServer.close();
  proxiedServer.close();
  await folder.dispose();
}

async function get(): Promise<{ text: string; shown: unknown; front: string }> {
  const [port] = ports();
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    const options = { port, servername: 'front.example', ca: authority.certificate, agent: false };
    secureRequest({ host: '127.0.0.1', path: '/x', ...options }, resolve)
      .on('error', reject)
      .end();
  });
  const front = (answer.socket as TLSSocket).getPeerCertificate().subjectaltname ?? '';
  let text = '';
  for await (const bytes of answer) text += String(bytes);
  return { text, shown: answer.headers['x-shown'], front };
}

function heard(socket: Socket): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    socket
      .on('data', (bytes: Buffer) => (text += bytes.toString()))
      .on('error', () => undefined)
      .on('close', () => {
        resolve(text);
      });
  });
}

/** Connections of TCP that came to nothing, on all threads. */
function openingsFailed(): number {
  const tcp = up.redirector.adapters.find((adapter) => adapter instanceof TcpAdapter);
  const others = up.redirector.workers?.pool.stats ?? [];
  return others.reduce(
    (sum, stats) => sum + stats.tcp.openingsFailed,
    tcp?.counters.openingsFailed ?? NaN,
  );
}

describe.each([1, 2])('a redirector with TLS and proxies, on %d threads', (threads) => {
  beforeAll(() => begin(threads), 60_000);
  afterAll(end, 60_000);

  it('ends TLS of clients, begins it to servers, shows itself there, and says how clients came', async () => {
    expect(await get()).toMatchObject({ text: 'https', shown: 'redirector' });
  });

  it('does not answer in the clear where TLS is wanted', async () => {
    const [port] = ports();
    const outcome = await new Promise((resolve) => {
      plainRequest({ host: '127.0.0.1', port, agent: false }, (answer) => {
        resolve(answer.statusCode);
      })
        .on('error', (error: NodeJS.ErrnoException) => {
          resolve(error.code);
        })
        .end();
    });
    expect(String(outcome)).toMatch(/^(ECONNRESET|HPE_)/);
  });

  it('lets TLS through to the server that its hello names, and nothing else', async () => {
    const [, , port] = ports();
    const own = authority.issue(['a client']);
    const through = connectTls({
      ...{ host: '127.0.0.1', port, servername: 'behind.example', ca: authority.certificate },
      ...{ cert: own.chain, key: own.key },
    });
    through.write('GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n');
    const text = await heard(through);
    expect(text).toMatch(/x-shown: a client/i);
    const lost = connectTls({ host: '127.0.0.1', port, servername: 'other.example' });
    expect(await heard(lost)).toBe('');
    const plain = connect({ host: '127.0.0.1', port });
    plain.write('GET / HTTP/1.1\r\n\r\n');
    expect(await heard(plain)).toBe('');
  });

  it('tells a server whose a connection is: the client’s own, or who a trusted proxy says', async () => {
    const [, port] = ports();
    const shake = (socket: Socket): TLSSocket =>
      connectTls({ socket, servername: 'front.example', ca: authority.certificate });
    const direct = connect({ host: '127.0.0.1', port, localAddress: '127.0.0.3' });
    const secured = shake(direct);
    secured.write('direct\n');
    expect(await heard(secured)).toBe('heard\n');
    expect(told.at(-1)).toMatchObject({ source: { host: '127.0.0.3' }, text: 'direct\n' });

    const proxied = connect({ host: '127.0.0.1', port, localAddress: '127.0.0.2' });
    proxied.write('PROXY TCP4 192.0.2.7 10.0.0.1 1234 443\r\n');
    const inside = shake(proxied);
    inside.write('proxied\n');
    expect(await heard(inside)).toBe('heard\n');
    expect(told.at(-1)).toEqual({ source: { host: '192.0.2.7', port: 1234 }, text: 'proxied\n' });
  });

  it('believes no header of anybody else, and takes none that is not valid', async () => {
    const [, port] = ports();
    const before = told.length;
    for (const [localAddress, header] of [
      ['127.0.0.3', 'PROXY TCP4 192.0.2.7 10.0.0.1 1234 443\r\n'],
      ['127.0.0.2', 'PROXY TCP4 192.0.2.7 10.0.0.1 1234 443\n'],
      ['127.0.0.2', ''],
    ] as const) {
      const socket = connect({ host: '127.0.0.1', port, localAddress });
      if (header !== '') socket.write(header);
      const inside = connectTls({ socket, servername: 'front.example', ca: authority.certificate });
      inside.write('spoofed\n');
      expect(await heard(inside)).toBe('');
    }
    expect(told).toHaveLength(before);
    await until('all are counted', () => openingsFailed() === 3);
  });

  it('takes up a certificate that was changed by itself, and keeps the former if it is broken', async () => {
    expect((await get()).front).toBe('DNS:front.example');
    await put('front', authority.issue(['front.example', 'newer.example']));
    await until(
      'the newer one is shown',
      async () => (await get()).front === 'DNS:front.example, DNS:newer.example',
    );
    await put('front', { chain: 'broken', key: 'broken', origin: 'a test' });
    await expect(up.reload(up.config)).rejects.toMatchObject({ code: 'ERR_TLS_INVALID' });
    expect((await get()).front).toBe('DNS:front.example, DNS:newer.example');
    await put('front', authority.issue(['front.example', 'newest.example']));
    expect(await up.reload(up.config)).toMatchObject({ changed: [] });
    expect((await get()).front).toBe('DNS:front.example, DNS:newest.example');
  });
});
