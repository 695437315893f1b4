import type { Socket } from 'node:net';
import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ApiFront } from '../../support/api-front.js';
import { untilWithin } from '../../support/until.js';

/* Clients that ask and do not read, on real sockets, as many as there may be connections: to ask for the page needs no login. */

const CONNECTIONS_MAX = 3;
const PAGE = Buffer.alloc(400_000, 'x');
/** More than the system takes for a client that does not read. */
const TIMES = 60;

describe('a client that does not read what it asked for', () => {
  const until = untilWithin(10_000);
  let front: ApiFront;
  const clients: Socket[] = [];

  beforeEach(async () => {
    front = await ApiFront.start(undefined, {
      assets: new Map([['/', { type: 'text/html', content: PAGE }]]),
      connectionsMax: CONNECTIONS_MAX,
    });
  });

  afterEach(async () => {
    for (const client of clients.splice(0)) client.destroy();
    await front.stop();
  });

  async function asking(requests: string): Promise<Socket> {
    const { host, port } = front.server.address;
    const client = connect({ host, port });
    client.on('error', () => undefined);
    clients.push(client);
    await new Promise<void>((resolve) => client.once('connect', resolve));
    client.write(requests);
    return client;
  }

  const get = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`;
  const isAnswered = (): Promise<boolean> =>
    front.ask('GET', '/v1/status').then(
      ({ status }) => status === 200,
      () => false,
    );

  it.each([
    ['the page', get('/').repeat(TIMES)],
    ['the news behind it', get('/').repeat(TIMES) + get('/v1/stream')],
  ])('keeps nobody out for long: %s', async (_what, requests) => {
    for (let count = 0; count < CONNECTIONS_MAX; count++) (await asking(requests)).pause();
    await until('the listener is full', async () => !(await isAnswered()));
    await front.plane.clock.advance(45_000);
    expect(await isAnswered()).toBe(false);
    await front.plane.clock.advance(45_000);
    await until('the others are answered', isAnswered);
  });

  it('is told from one that has read it all, which may come back, and from one that listens', async () => {
    const reader = await asking(get('/'));
    const listener = await asking(get('/v1/stream'));
    const read = { page: 0, news: '' };
    reader.on('data', (bytes) => (read.page += bytes.length));
    listener.on('data', (bytes) => (read.news += bytes.toString()));
    await until('the page was read', () => read.page > PAGE.length);
    await until('the news have begun', () => read.news.includes(': foreshift'));
    for (let minute = 0; minute < 3; minute++) await front.plane.clock.advance(60_000);
    await until('there is still something to hear', () => read.news.includes('still here'));
    reader.write(get('/'));
    await until('the page was read again', () => read.page > 2 * PAGE.length);
    expect([reader.destroyed, listener.destroyed]).toEqual([false, false]);
  });
});
