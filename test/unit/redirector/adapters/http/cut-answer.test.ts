import { beforeEach, describe, expect, it } from '@jest/globals';
import { SimulatedClock } from '../../../../../core/clock/simulated.js';
import type { Connection } from '../../../../../core/net/port.js';
import { SimulatedNet } from '../../../../../core/net/simulated.js';
import { SeededRng } from '../../../../../core/rng.js';
import { HttpFront } from '../../../../support/http-front.js';
import { DEAF } from '../../../../support/deaf.js';
import { Peer } from '../../../../support/peer.js';

const REQUEST = 'POST /vol-1/x HTTP/1.1\r\nhost: proxy\r\ncontent-length: 0\r\n\r\n';
const BEGINNINGS = {
  length: 'HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nfirst',
  chunked: 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nfirst\r\n',
};

let clock: SimulatedClock;
let net: SimulatedNet;
let server: Connection | undefined;

beforeEach(async () => {
  clock = new SimulatedClock();
  net = new SimulatedNet(clock, new SeededRng(1));
  const at = { host: 's1', port: 80 };
  await net.host('s1').listen(at, (connection) => {
    server = connection;
    connection.handler = DEAF;
  });
  await HttpFront.start({
    net: net.host('proxy'),
    clock,
    listen: { host: 'proxy', port: 80 },
    servers: { s1: at },
    table: { 'vol-1': 's1@1.1' },
  });
});

/** What the client has of an answer that its server begins and breaks off. @param breaksOff at once: nothing has reached the client yet */
async function brokenOff(
  beginning: string,
  { breaksOff = (at: Connection | undefined): void => at?.end(), request = REQUEST } = {},
): Promise<Peer> {
  const client = new Peer(
    net.host('client').connect({ host: 'proxy', port: 80 }, { timeoutMs: 1000 }),
  );
  client.does((connection) => connection.write(Buffer.from(request)));
  await clock.advance(100);
  server?.write(Buffer.from(beginning));
  breaksOff(server);
  await clock.advance(500);
  return client;
}

describe('an answer that cannot be completed', () => {
  it.each(['length', 'chunked'] as const)(
    'comes as far as it had gone out where its framing (%s) shows that it is not whole',
    async (framing) => {
      const client = await brokenOff(BEGINNINGS[framing]);
      expect(client.text).toMatch(/^HTTP\/1.1 200 OK\r\n[^]*first/);
      expect(client.text).not.toMatch(/0\r\n\r\n$/);
      expect(client.heard).toContain('ended');
      expect(client.closedBy).not.toBe('reset');
    },
  );

  it('ends in a reset where nothing else shows that: a client of HTTP/1.0 reads until the close', async () => {
    const client = await brokenOff('HTTP/1.1 200 OK\r\n\r\nfirst', {
      request: REQUEST.replace('HTTP/1.1', 'HTTP/1.0'),
      breaksOff: (at) => {
        clock.after(100, () => at?.reset());
      },
    });
    expect(client.text).toMatch(/first$/);
    expect(client.closedBy).toBe('reset');
  });

  it('takes no further request: what comes behind it is not answered', async () => {
    const client = await brokenOff(BEGINNINGS.length);
    client.does((connection) => connection.write(Buffer.from(REQUEST)));
    await clock.advance(100);
    expect(client.text.match(/HTTP\/1.1/g)).toHaveLength(1);
  });
});
