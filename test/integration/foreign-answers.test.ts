import type { AddressInfo, Server, Socket } from 'node:net';
import { connect, createServer } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { RequestGateParts } from '../../agent/request-gate.js';
import { RequestGate } from '../../agent/request-gate.js';
import { SidecarConnection } from '../../agent/sidecar-connection.js';
import { SHARED_SINCE } from '../../core/agent-protocol.js';
import { SystemClock } from '../../core/clock/system.js';
import { NodeNet } from '../../core/net/node.js';
import { HttpFront } from '../support/http-front.js';
import { thisMachine } from '../../demo/this-machine.js';

/*
 * A server that says something on a connection on which nobody asked it anything: whoever asks next must not get it, though
 * question and word lie in the system's buffers at the same time, and the question is read first.
 */

const ROUNDS = 200;
const GOOD = 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ngood';
const EVIL = 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil';

describe('a connection to a server', () => {
  let server: Server;
  let front: HttpFront;
  const open = new Set<Socket>();

  beforeEach(async () => {
    server = createServer((socket) => {
      open.add(socket);
      socket
        .on('data', () => socket.write(GOOD))
        .on('error', () => undefined)
        .on('close', () => open.delete(socket));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    front = await HttpFront.startBefore({
      host: '127.0.0.1',
      port: (server.address() as AddressInfo).port,
    });
  });

  afterEach(async () => {
    await front.stop();
    for (const socket of open) socket.destroy();
    server.close();
  });

  /** Questions and words at once, again and again; all answers are to be good. */
  async function ask(port: number, fields = ''): Promise<void> {
    const client = connect({ host: '127.0.0.1', port });
    let heard = '';
    let told: () => void = () => undefined;
    client.on('data', (bytes) => {
      heard += bytes.toString('latin1');
      if (/(?:good|evil)$/.test(heard)) told();
    });
    for (let round = 0; round < ROUNDS; round++) {
      heard = '';
      const answered = new Promise<void>((resolve) => (told = resolve));
      // In one turn: both are there when whoever stands between looks next.
      client.write(`GET /vol-1/x HTTP/1.1\r\nHost: t\r\n${fields}\r\n`);
      for (const socket of open) socket.write(EVIL);
      await answered;
      expect(heard.slice(-4)).toBe('good');
      // Its connection is idle again.
      await new Promise((resolve) => setTimeout(resolve, round % 3));
    }
    client.destroy();
  }

  it('is not used again by a redirector if it has said what nobody asked for, heard or not', async () => {
    await ask(front.address.port);
    expect(front.adapter.counters.cut).toBe(0);
    expect(front.adapter.counters.answers).toEqual([0, 0, ROUNDS, 0, 0, 0]);
  });

  it('nor by an agent, which thinks no worse of its server', async () => {
    const clock = new SystemClock();
    const net = new NodeNet(clock, thisMachine());
    const ownership = { isOwned: () => false } as unknown as RequestGateParts['ownership'];
    const newOwners = {} as unknown as RequestGateParts['newOwners'];
    const self = {} as unknown as RequestGateParts['self'];
    const gate = new RequestGate({ ownership, newOwners, self, isShared: () => true });
    const reached: boolean[] = [];
    const forward = { host: '127.0.0.1', port: (server.address() as AddressInfo).port };
    const limits = { connectTimeoutMs: 5000, stallTimeoutMs: 5000, idleTimeoutMs: 5000 };
    const listener = await net.listen({ host: '127.0.0.1', port: 0 }, (connection) => {
      new SidecarConnection(
        { connection, net, clock, gate },
        { forward, ...limits },
        { closed: () => undefined, reached: (isReached) => reached.push(isReached) },
      );
    });
    await ask(
      listener.address.port,
      `foreshift-resource: vol-1\r\nforeshift-since: ${SHARED_SINCE}\r\n`,
    );
    expect(reached.length).toBeGreaterThan(1);
    expect(reached).not.toContain(false);
    await listener.close();
  });
});
