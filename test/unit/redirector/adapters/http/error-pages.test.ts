import { beforeEach, describe, expect, it } from '@jest/globals';
import { SimulatedClock } from '../../../../../core/clock/simulated.js';
import type { ErrorPage } from '../../../../../core/net/http/error-answer.js';
import { SimulatedNet } from '../../../../../core/net/simulated.js';
import { SeededRng } from '../../../../../core/rng.js';
import { ErrorPages } from '../../../../../redirector/adapters/http/error-pages.js';
import { HttpFront } from '../../../../support/http-front.js';
import { Peer } from '../../../../support/peer.js';

const page = (contentType: string, body: string): ErrorPage => ({
  contentType,
  body: Buffer.from(body),
});
const PAGES = new ErrorPages(
  new Map([
    ['404', page('text/html; charset=utf-8', '<p>Grüße</p>')],
    ['4xx', page('application/json', '{"error":"client"}')],
    ['5xx', page('text/plain; charset=utf-8', 'back soon')],
  ]),
);

let clock: SimulatedClock;
let net: SimulatedNet;
let front: HttpFront;

beforeEach(async () => {
  clock = new SimulatedClock();
  net = new SimulatedNet(clock, new SeededRng(1));
  front = await HttpFront.start({
    ...{ net: net.host('proxy'), clock, listen: { host: 'proxy', port: 80 } },
    servers: { s1: { host: 's1', port: 80 } },
    table: { 'vol-1': 's1@1.1' },
    options: { errorPages: PAGES },
  });
});

async function ask(request: string): Promise<string> {
  const client = new Peer(
    net.host('client').connect({ host: 'proxy', port: 80 }, { timeoutMs: 1000 }),
  );
  client.does((connection) => connection.write(Buffer.from(request)));
  await clock.advance(20_000);
  return client.text;
}

function parts(answer: string): { readonly head: string; readonly body: string } {
  const [head = '', body = ''] = answer.split('\r\n\r\n');
  return { head: head.toLowerCase(), body: Buffer.from(body, 'latin1').toString() };
}

describe("an operator's own page", () => {
  it('is the body of what the redirector answers itself, by status', async () => {
    const { head, body } = parts(await ask('GET /none/x HTTP/1.1\r\nhost: a\r\n\r\n'));
    expect(head).toMatch(/^http\/1.1 404 /);
    expect(head).toContain('content-type: text/html; charset=utf-8');
    expect(head).toContain(`content-length: ${Buffer.byteLength('<p>Grüße</p>')}`);
    expect(body).toBe('<p>Grüße</p>');
  });

  it('is that of the class of the status where that has none of its own; headers stay', async () => {
    const { head, body } = parts(await ask('GET /vol-1/x HTTP/1.1\r\nhost: a\r\n\r\n'));
    expect(head).toMatch(/^http\/1.1 503 /);
    expect(head).toContain('foreshift-executed: no');
    expect(head).toContain('retry-after: 1');
    expect(head).toContain('cache-control: no-store');
    expect(body).toBe('back soon');
  });

  it('stands in for what could not be read, too', async () => {
    const { head, body } = parts(await ask('GET / HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n'));
    expect(head).toMatch(/^http\/1.1 400 /);
    expect(body).toBe('{"error":"client"}');
  });

  it('is not sent to HEAD, which is told its length', async () => {
    const answer = await ask('HEAD /none/x HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n');
    expect(answer.toLowerCase()).toContain(
      `content-length: ${Buffer.byteLength('<p>Grüße</p>')}\r\n`,
    );
    expect(answer.endsWith('\r\n\r\n')).toBe(true);
  });

  it('comes and goes with a reload', async () => {
    await front.adapter.reconfigure(
      [{ listen: { host: 'proxy', port: 80 }, route: { by: 'first-path-segment' } }],
      { errorPages: new ErrorPages(new Map()) },
    );
    const { body } = parts(await ask('GET /none/x HTTP/1.1\r\nhost: a\r\n\r\n'));
    expect(body).toBe('the request names no resource of this service\n');
  });
});
