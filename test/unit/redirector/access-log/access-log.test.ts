import { beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { SimulatedClock } from '../../../../core/clock/simulated.js';
import { LineFile } from '../../../../core/line-file.js';
import { SimulatedNet } from '../../../../core/net/simulated.js';
import { SeededRng } from '../../../../core/rng.js';
import type { AccessLogOptions } from '../../../../redirector/access-log/access-log.js';
import type { HttpAccess } from '../../../../redirector/access-log/access.js';
import { AccessLog } from '../../../../redirector/access-log/access-log.js';
import { commonLine } from '../../../../redirector/access-log/common-format.js';
import { fuzzRuns } from '../../../support/fuzz.js';
import { HttpFront } from '../../../support/http-front.js';
import { DEAF } from '../../../support/deaf.js';
import { Peer } from '../../../support/peer.js';
import { TcpWorld, finish, say } from '../../../support/tcp-world.js';

const DEFAULTS: AccessLogOptions = { format: 'json', share: 1, query: false };

let lines: string[];

function logOn(clock: SimulatedClock, options: Partial<AccessLogOptions> = {}): AccessLog {
  const file = new LineFile(clock, { path: 'access.log', bufferBytesMax: 1 << 20 }, (_, pieces) => {
    lines.push(...Buffer.concat(pieces).toString().trimEnd().split('\n'));
    return Promise.resolve();
  });
  return new AccessLog(clock, file, { ...DEFAULTS, ...options });
}

beforeEach(() => {
  lines = [];
});

it('writes every field of an entry', async () => {
  const entry: Required<HttpAccess> = {
    ...{ client: '10.0.0.1', scheme: 'http', end: 'whole', reason: 'why', id: 'a-1', status: 200 },
    request: { method: 'GET', authority: 'a', path: '/b', query: '?c', minorVersion: 1 },
    ...{ resource: 'vol-1', server: 's1', bytesIn: 1, bytesOut: 2, ms: 3.25 },
  };
  const clock = new SimulatedClock();
  logOn(clock, { query: true }).http(entry);
  await clock.advance(1000);
  const { request, ...others } = entry;
  const { authority: host, ...asked } = request;
  expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
    { time: '1970-01-01T00:00:00.000Z', protocol: 'http', host, ...asked, ...others },
  ]);
});

describe('the access log of HTTP', () => {
  const SERVER = { host: 's1', port: 80 };
  let clock: SimulatedClock;
  let net: SimulatedNet;
  let answer: string;

  async function start(options: Partial<AccessLogOptions> = {}): Promise<void> {
    clock = new SimulatedClock(Date.UTC(2000, 9, 10, 13, 55, 36));
    net = new SimulatedNet(clock, new SeededRng(1));
    answer = 'HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello';
    await net.host('s1').listen(SERVER, (connection) => {
      connection.handler = {
        ...DEAF,
        data: () => {
          connection.write(Buffer.from(answer));
          if (answer.includes('content-length: 9')) connection.reset();
        },
      };
    });
    await HttpFront.start({
      net: net.host('proxy'),
      clock,
      listen: { host: 'proxy', port: 80 },
      servers: { s1: SERVER },
      table: { 'vol-1': 's1@1.1' },
      accessLog: logOn(clock, options),
    });
  }

  async function ask(text: string): Promise<Peer> {
    const peer = new Peer(
      net.host('client').connect({ host: 'proxy', port: 80 }, { timeoutMs: 1000 }),
    );
    peer.does((connection) => connection.write(Buffer.from(text)));
    await clock.advance(1000);
    return peer;
  }

  const entries = (): unknown[] => lines.map((line) => JSON.parse(line) as unknown);

  it('has a line for each answer: who, what, where, how much, how long', async () => {
    await start();
    await ask('POST /vol-1/x?token=secret HTTP/1.1\r\nhost: proxy\r\ncontent-length: 3\r\n\r\nabc');
    expect(entries()).toEqual([
      {
        time: expect.stringMatching(/^2000-10-10T13:55:36\.\d{3}Z$/) as unknown,
        ...{ protocol: 'http', method: 'POST', host: 'proxy', path: '/vol-1/x', query: '' },
        ...{ minorVersion: 1, client: 'client', scheme: 'http', end: 'whole', status: 200 },
        ...{ resource: 'vol-1', server: 's1', bytesIn: 3, bytesOut: 5 },
        ms: expect.any(Number) as unknown,
      },
    ]);
    expect(lines.join()).not.toContain('secret');
  });

  it('says of what did not go well what it was', async () => {
    await start();
    await ask('GET /vol-9/x HTTP/1.1\r\nhost: proxy\r\n\r\n');
    await ask('GET / nonsense\r\n\r\n');
    answer = 'HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhell';
    await ask('POST /vol-1/x HTTP/1.1\r\nhost: proxy\r\ncontent-length: 0\r\n\r\n');
    answer = '';
    const gone = await ask('GET /vol-1/x HTTP/1.1\r\nhost: proxy\r\n\r\n');
    gone.connection.reset();
    await clock.advance(1000);
    expect(entries()).toMatchObject([
      { end: 'refused', reason: 'no-resource', status: 404, path: '/vol-9/x' },
      { end: 'refused', status: 400 },
      { end: expect.stringMatching(/cut|refused/) as unknown, resource: 'vol-1', server: 's1' },
      { end: 'gone', status: 0, server: 's1' },
    ]);
    expect(entries()[1]).not.toHaveProperty('path');
  });

  it('is what readers of the common format know', async () => {
    await start({ format: 'common', query: true });
    await ask('GET /vol-1/x?a=%22b HTTP/1.1\r\nhost: proxy\r\n\r\n');
    expect(lines).toEqual([
      'client - - [10/Oct/2000:13:55:36 +0000] "GET /vol-1/x?a=%22b HTTP/1.1" 200 5',
    ]);
  });

  it('has its share of what goes well or fails by its client, and all that failed otherwise', async () => {
    await start({ share: 0.25 });
    for (let at = 0; at < 8; at++) await ask('GET /vol-1/x HTTP/1.1\r\nhost: proxy\r\n\r\n');
    for (let at = 0; at < 4; at++) await ask('GET /vol-9/x HTTP/1.1\r\nhost: proxy\r\n\r\n');
    expect(lines).toHaveLength(3);
    answer = 'HTTP/1.1 500 Oh\r\ncontent-length: 0\r\n\r\n';
    for (let at = 0; at < 3; at++) await ask('GET /vol-1/x HTTP/1.1\r\nhost: proxy\r\n\r\n');
    expect(lines).toHaveLength(6);
  });
});

describe('the access log of TCP', () => {
  it('has a line for each connection at its end', async () => {
    const world = new TcpWorld({ accessLog: ({ clock }) => logOn(clock) });
    await world.start();
    const { client, server } = await world.connected('hello');
    say(server, 'thanks');
    finish(client);
    finish(server);
    await world.clock.advance(1000);
    const { server: broken } = await world.connected();
    broken.connection.reset();
    await world.clock.advance(1000);
    expect(lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([
      {
        ...{ protocol: 'tcp', client: 'client', end: 'whole', resource: 'vol-1', server: 's1' },
        ...{ bytesIn: 5, bytesOut: 6 },
      },
      { end: 'cut', reason: 'serverLost' },
    ]);
  });
});

describe('a line in the common format', () => {
  it('is one line whatever a client wrote, and ends no field of it', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string(), (path, query) => {
        const request = { method: 'GET', authority: 'a', path: `/${path}`, query, minorVersion: 1 };
        const line = commonLine(
          {
            ...{ client: '10.0.0.1', scheme: 'http', end: 'whole', request, status: 200 },
            ...{ bytesIn: 0, bytesOut: 0, ms: 0 },
          },
          { query, atMs: 0 },
        );
        expect(line).toMatch(
          /^10\.0\.0\.1 - - \[01\/Jan\/1970:00:00:00 \+0000\] "GET \/[^"\n\r]* HTTP\/1\.1" 200 -$/,
        );
        expect(line).toMatch(/^[ -~]*$/);
      }),
      fuzzRuns(1000),
    );
  });
});
