import { beforeEach, describe, expect, it } from '@jest/globals';
import { SimulatedClock } from '../../../../../core/clock/simulated.js';
import { configSchema } from '../../../../../core/config/schema.js';
import { SimulatedNet } from '../../../../../core/net/simulated.js';
import { SeededRng } from '../../../../../core/rng.js';
import type { HttpOptions } from '../../../../../redirector/adapters/http/options.js';
import { RequestIds } from '../../../../../redirector/adapters/http/request-ids.js';
import { HttpFront } from '../../../../support/http-front.js';
import { DEAF } from '../../../../support/deaf.js';
import { Peer } from '../../../../support/peer.js';

const ANSWER = 'HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n';

let clock: SimulatedClock;
let net: SimulatedNet;
/** Heads that the server got, in lower case. */
let got: string[];

beforeEach(() => {
  clock = new SimulatedClock();
  net = new SimulatedNet(clock, new SeededRng(1));
  got = [];
});

async function start(options: Partial<HttpOptions>): Promise<void> {
  const server = { host: 's1', port: 80 };
  await net.host('s1').listen(server, (connection) => {
    let text = '';
    connection.handler = {
      ...DEAF,
      data: (bytes) => {
        text += Buffer.from(bytes).toString('latin1');
        if (!text.endsWith('\r\n\r\n')) return;
        got.push(text.toLowerCase());
        text = '';
        connection.write(Buffer.from(ANSWER));
      },
    };
  });
  await HttpFront.start({
    ...{ net: net.host('proxy'), clock, listen: { host: 'proxy', port: 80 } },
    servers: { s1: server },
    table: { 'vol-1': 's1@1.1' },
    options,
  });
}

async function ask(path: string, headers = ''): Promise<string> {
  const client = new Peer(
    net.host('client').connect({ host: 'proxy', port: 80 }, { timeoutMs: 1000 }),
  );
  client.does((connection) =>
    connection.write(Buffer.from(`GET ${path} HTTP/1.1\r\nhost: a\r\n${headers}\r\n`)),
  );
  await clock.advance(500);
  return client.text.toLowerCase();
}

const idIn = (text: string | undefined): string | undefined =>
  /\r\nx-request-id: ([^\r]*)\r\n/.exec(text ?? '')?.[1];

describe('the name of a request', () => {
  it('is none unless the config says where', async () => {
    await start({});
    await ask('/vol-1/x', 'X-Request-Id: mine\r\n');
    expect(idIn(got[0])).toBe('mine');
    expect(idIn(await ask('/none/x'))).toBeUndefined();
  });

  it('is told to the server, and each has another; what a client says of it does not count', async () => {
    await start({ requestIdHeader: 'x-request-id' });
    await ask('/vol-1/x');
    await ask('/vol-1/x', 'X-Request-Id: mine\r\nx-request-id: twice\r\n');
    const [first, second] = got.map(idIn);
    expect(first).toMatch(/^-[0-9a-z]+$/);
    expect(second).toMatch(/^-[0-9a-z]+$/);
    expect(first).not.toBe(second);
    expect(got[1]).not.toContain('mine');
    expect(got[1]).not.toContain('twice');
  });

  it('stands in answers of the redirector itself', async () => {
    await start({ requestIdHeader: 'x-request-id' });
    expect(idIn(await ask('/none/x'))).toBeDefined();
  });

  it('stays as a proxy before us gave it, if that is believed and it is a name', async () => {
    await start({ requestIdHeader: 'x-request-id', forwarded: 'append' });
    await ask('/vol-1/x', 'X-Request-Id: trace/7f:1\r\n');
    await ask('/vol-1/x', 'X-Request-Id: a "b"\r\n');
    await ask('/vol-1/x', `X-Request-Id: ${'x'.repeat(129)}\r\n`);
    expect(idIn(got[0])).toBe('trace/7f:1');
    expect(idIn(got[1])).toMatch(/^-/);
    expect(idIn(got[2])).toMatch(/^-/);
  });

  it('begins with the name of its process', () => {
    const ids = new RequestIds('6f9619ff-8b86-d011-b42d-00c04fc964ff');
    expect([ids.next(), ids.next()]).toEqual(['6f9619ff8b86-1', '6f9619ff8b86-2']);
  });

  it('stands in no header that means something to the connection', () => {
    const parse = (requestIdHeader: string) =>
      configSchema.safeParse({ http: { requestIdHeader } });
    expect(parse('X-Request-Id').data?.http.requestIdHeader).toBe('x-request-id');
    for (const name of [
      'Host',
      'content-length',
      'X-Forwarded-For',
      'foreshift-since',
      'a b',
      '',
    ]) {
      expect(parse(name).success).toBe(false);
    }
  });
});

describe('what a server is told of the client', () => {
  it('stands in `Forwarded` too, where the config wants it', async () => {
    await start({ forwardedStandard: true });
    await ask('/vol-1/x', 'Forwarded: for=6.6.6.6\r\n');
    expect(got[0]).toMatch(/\r\nforwarded: for=[^;\r]+;proto=http;host=a\r\n/);
    expect(got[0]).toContain('\r\nx-forwarded-for: ');
    expect(got[0]).not.toContain('6.6.6.6');
  });
});

describe('connections of one client', () => {
  it('are limited, and it may come again once one is gone; others are not concerned', async () => {
    await start({ connectionsPerClientMax: 2 });
    const connect = (host = 'client'): Peer =>
      new Peer(net.host(host).connect({ host: 'proxy', port: 80 }, { timeoutMs: 1000 }));
    const request = (peer: Peer): void => {
      peer.does((connection) =>
        connection.write(Buffer.from('GET /vol-1/x HTTP/1.1\r\nhost: a\r\n\r\n')),
      );
    };
    const first = connect();
    connect();
    await clock.advance(100);
    const third = connect();
    const other = connect('other');
    await clock.advance(100);
    request(third);
    request(other);
    await clock.advance(500);
    expect(third.closedBy).toBeDefined();
    expect(other.text).toContain('200 OK');
    first.does((connection) => {
      connection.destroy();
    });
    await clock.advance(500);
    const fourth = connect();
    await clock.advance(100);
    request(fourth);
    await clock.advance(500);
    expect(fourth.text).toContain('200 OK');
  });
});
