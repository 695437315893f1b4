import type { AddressInfo, Server, Socket } from 'node:net';
import { connect, createServer } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { SystemClock } from '../../core/clock/system.js';
import { SeededRng } from '../../core/rng.js';
import { FaultProxy, slices } from '../support/fault-proxy.js';
import { untilWithin } from '../support/until.js';

/* The link that tests break: each of its faults does what it says, and nothing else. */

const clock = new SystemClock();
const until = untilWithin(10_000, { pauseMs: 2 });

/** One end, and what it heard. */
class End {
  readonly socket: Socket;
  readonly pieces: Buffer[] = [];
  hasEnded = false;
  isReset = false;
  isClosed = false;

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (bytes: Buffer) => this.pieces.push(bytes));
    socket.on('end', () => (this.hasEnded = true));
    socket.on('error', () => (this.isReset = true));
    socket.on('close', () => (this.isClosed = true));
  }

  get text(): string {
    return Buffer.concat(this.pieces).toString();
  }
}

describe('a link with faults', () => {
  let server: Server;
  let proxy: FaultProxy;
  let far: End[] = [];
  let near: End[] = [];

  beforeEach(async () => {
    server = createServer({ allowHalfOpen: true }, (socket) => far.push(new End(socket)));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    proxy = await FaultProxy.start(() => ({ host: '127.0.0.1', port }), new SeededRng(1));
  });

  afterEach(async () => {
    await proxy.stop();
    for (const end of [...near, ...far]) end.socket.destroy();
    server.close();
    [near, far] = [[], []];
  });

  /** A connection through it, once it reaches the other side. */
  async function open(): Promise<{ readonly client: End; readonly server: End }> {
    const client = new End(connect({ ...proxy.at, allowHalfOpen: true, noDelay: true }));
    near.push(client);
    const number = far.length;
    await until('it is taken', () => far.length > number);
    return { client, server: far[number]! };
  }

  it('carries bytes both ways, and an end of one direction only', async () => {
    const { client, server: peer } = await open();
    client.socket.end('question');
    await until('its end is heard', () => peer.hasEnded);
    expect(peer.text).toBe('question');
    peer.socket.end('answer');
    await until('the answer', () => client.hasEnded);
    expect(client.text).toBe('answer');
    expect(client.isReset || peer.isReset).toBe(false);
    await until('it is over', () => proxy.connections === 0);
  });

  it('tells each side when the other is reset', async () => {
    const { client, server: peer } = await open();
    client.socket.write('x');
    await until('it is open', () => peer.text === 'x');
    client.socket.resetAndDestroy();
    await until('the server hears it', () => peer.isReset);
  });

  it('is late by its latency, in each direction, and keeps the order', async () => {
    proxy.set({ latencyMs: 50, jitterMs: 20, sliceBytesMax: 3 });
    const { client, server: peer } = await open();
    const startMs = clock.monotonicMs();
    client.socket.write('in this very order');
    await until('it comes', () => peer.text === 'in this very order');
    expect(clock.monotonicMs() - startMs).toBeGreaterThanOrEqual(49);
    expect(peer.pieces.length).toBeGreaterThan(1);
  });

  it('lets pass no more bytes a second than it may', async () => {
    proxy.set({ bytesPerSecond: 100_000, sliceBytesMax: 5000 });
    const { client, server: peer } = await open();
    const startMs = clock.monotonicMs();
    client.socket.write(Buffer.alloc(30_000, 'x'));
    await until('it comes', () => peer.text.length === 30_000);
    expect(clock.monotonicMs() - startMs).toBeGreaterThanOrEqual(299);
  });

  it('is reset after so many bytes', async () => {
    proxy.set({ resetAfterBytes: 10 });
    const { client, server: peer } = await open();
    client.socket.write('0123456789abc');
    await until('both hear it', () => client.isClosed && peer.isClosed);
    expect(client.isReset).toBe(true);
    expect('0123456789').toContain(peer.text);
  });

  it('ends one direction after so many bytes, and carries the other on', async () => {
    proxy.set({ endAfterBytes: 4 });
    const { client, server: peer } = await open();
    client.socket.write('cut off');
    await until('the end', () => peer.hasEnded);
    expect(peer.text).toBe('cut ');
    peer.socket.write('yes');
    await until('the other direction', () => client.text === 'yes');
    expect(client.isClosed).toBe(false);
  });

  it('lets nothing pass as a black hole, new connections included, and all of it afterwards', async () => {
    const { client, server: peer } = await open();
    proxy.set({ isBlackHole: true });
    client.socket.write('late');
    const other = await open();
    other.client.socket.write('later');
    await clock.sleep(100);
    expect(peer.text + other.server.text).toBe('');
    proxy.set({});
    await until('both come', () => peer.text === 'late' && other.server.text === 'later');
  });

  it('resets all connections at once, and takes new ones', async () => {
    const pairs = [await open(), await open()];
    proxy.reset();
    await until('all are gone', () => pairs.every(({ client }) => client.isClosed));
    const { client, server: peer } = await open();
    client.socket.write('again');
    await until('it comes', () => peer.text === 'again');
  });

  it('cuts the same bytes into the same pieces with the same seed', () => {
    const bytes = Buffer.from(Array.from({ length: 1000 }, (_hole, at) => at % 251));
    const cuts = (seed: number): Buffer[] => slices(bytes, 8, new SeededRng(seed));
    expect(Buffer.concat(cuts(7))).toEqual(bytes);
    expect(Math.max(...cuts(7).map(({ length }) => length))).toBe(8);
    expect(cuts(7)).toEqual(cuts(7));
    expect(cuts(7)).not.toEqual(cuts(8));
  });
});
