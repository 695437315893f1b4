import { beforeEach, describe, expect, it } from '@jest/globals';
import { SimulatedClock } from '../../../../../core/clock/simulated.js';
import type { Connection } from '../../../../../core/net/port.js';
import { SimulatedNet } from '../../../../../core/net/simulated.js';
import { SeededRng } from '../../../../../core/rng.js';
import { HttpFront } from '../../../../support/http-front.js';
import { DEAF } from '../../../../support/deaf.js';
import { Peer } from '../../../../support/peer.js';

const WINDOW_BYTES = 1000;
const REQUEST = 'GET /vol-1/x HTTP/1.1\r\nhost: proxy\r\n\r\n';

/** What the server answers, until told otherwise. */
let answer: string;
let clock: SimulatedClock;
let net: SimulatedNet;
/** Connections to the server that ever were. */
let accepted: Connection[];

beforeEach(async () => {
  clock = new SimulatedClock();
  net = new SimulatedNet(clock, new SeededRng(1), { windowBytes: WINDOW_BYTES });
  accepted = [];
  answer = answerOf(10);
  const server = { host: 's1', port: 80 };
  await net.host('s1').listen(server, (connection) => {
    accepted.push(connection);
    connection.handler = {
      ...DEAF,
      data: () => void connection.write(Buffer.from(answer)),
    };
  });
  await HttpFront.start({
    net: net.host('proxy'),
    clock,
    listen: { host: 'proxy', port: 80 },
    servers: { s1: server },
    table: { 'vol-1': 's1@1.1' },
  });
});

function answerOf(bytes: number): string {
  return `HTTP/1.1 200 OK\r\ncontent-length: ${bytes}\r\n\r\n${'x'.repeat(bytes)}`;
}

function client(): Peer {
  const peer = new Peer(
    net.host('client').connect({ host: 'proxy', port: 80 }, { timeoutMs: 1000 }),
  );
  peer.does((connection) => connection.write(Buffer.from(REQUEST)));
  return peer;
}

describe('a connection to a server', () => {
  it('serves the next request after one whose client read slowly', async () => {
    answer = answerOf(3 * WINDOW_BYTES);
    const slow = client();
    slow.does((connection) => {
      connection.pause();
    });
    await clock.advance(1000);
    answer = answerOf(10);
    const next = client();
    await clock.advance(100);
    expect(next.text).toMatch(/^HTTP\/1.1 200 OK\r\n/);
    expect(accepted).toHaveLength(1);
    slow.does((connection) => {
      connection.resume();
    });
    await clock.advance(1000);
    expect(slow.bytes).toBeGreaterThan(3 * WINDOW_BYTES);
  });

  it('is heard when the server closes it after a client that read slowly', async () => {
    answer = answerOf(3 * WINDOW_BYTES);
    const slow = client();
    slow.does((connection) => {
      connection.pause();
    });
    await clock.advance(1000);
    accepted[0]?.end();
    await clock.advance(100);
    answer = answerOf(10);
    const next = client();
    await clock.advance(100);
    expect(next.text).toMatch(/^HTTP\/1.1 200 OK\r\n/);
    expect(accepted).toHaveLength(2);
  });
});
