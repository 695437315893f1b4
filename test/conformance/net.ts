import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Clock } from '../../core/clock/port.js';
import type { Address } from '../../core/domain.js';
import { formatAddress } from '../../core/domain.js';
import { HttpServer } from '../../core/net/http-server.js';
import type {
  Connection,
  ConnectionHandler,
  Listener,
  Net,
  OutboundCall,
} from '../../core/net/port.js';
import { SILENT_LOG } from '../../core/log.js';
import { Peer } from '../support/peer.js';

/** A network with a server's and a client's view of it, and what makes its events happen. */
export interface NetWorld {
  readonly server: Net;
  readonly client: Net;
  readonly clock: Clock;
  /** Where the server may listen: port 0. */
  readonly at: Address;
  /** Lets the world run until the promise is settled. */
  until<T>(promise: Promise<T>): Promise<T>;
}

interface Meeting {
  readonly client: Peer;
  readonly server: Peer;
  readonly listener: Listener;
}

const KILOBYTE = new Uint8Array(1024).fill(0x61);

/** What every network must do; each implementation's test calls this. */
export function describeNet(name: string, make: () => NetWorld): void {
  describe(name, () => {
    let world: NetWorld;
    let listeners: Listener[] = [];
    let peers: Peer[] = [];

    beforeEach(() => {
      world = make();
    });

    afterEach(async () => {
      for (const peer of peers) {
        expect(peer.early).toBe(0);
        peer.connection.destroy();
      }
      await world.until(Promise.all(peers.map((peer) => peer.hears('closed'))));
      for (const peer of peers) {
        const last = peer.heard.filter((event) => event.startsWith('closed'));
        expect(last).toEqual([peer.heard.at(-1)]);
      }
      await Promise.all(listeners.map((listener) => listener.close()));
      listeners = [];
      peers = [];
    });

    function peerOf(connection: Peer['connection']): Peer {
      const peer = new Peer(connection);
      peers.push(peer);
      return peer;
    }

    async function listen(accept: (peer: Peer) => void, at = world.at): Promise<Listener> {
      const listener = await world.until(
        world.server.listen(at, (connection) => {
          accept(peerOf(connection));
        }),
      );
      listeners.push(listener);
      return listener;
    }

    function connect(to: Address): Peer {
      return peerOf(world.client.connect(to, { timeoutMs: 10_000 }));
    }

    /** A client connected to a server. */
    async function meet(): Promise<Meeting> {
      let accepted: (peer: Peer) => void;
      const server = new Promise<Peer>((resolve) => {
        accepted = resolve;
      });
      const listener = await listen((peer) => {
        accepted(peer);
      });
      const client = connect(listener.address);
      await world.until(client.hears('opened'));
      return { client, server: await world.until(server), listener };
    }

    async function freeAddress(): Promise<Address> {
      const listener = await listen(() => undefined);
      await listener.close();
      return listener.address;
    }

    it('carries bytes both ways, in their order', async () => {
      const { client, server } = await meet();
      for (let at = 0; at < 50; at++) client.does((c) => c.write(Buffer.from(`${at},`)));
      await world.until(server.reads(',49,'));
      expect(server.text).toBe(Array.from({ length: 50 }, (_, at) => `${at},`).join(''));
      server.does((c) => c.write(Buffer.from('thanks')));
      await world.until(client.reads('thanks'));
    });

    it('tells each side who the other is', async () => {
      const { client, server, listener } = await meet();
      expect(client.connection.remote).toEqual(listener.address);
      expect(server.connection.local.port).toBe(listener.address.port);
      expect(server.connection.remote).toEqual(client.connection.local);
    });

    it('lets one side finish and the other go on', async () => {
      const { client, server } = await meet();
      client.does((c) => {
        c.write(Buffer.from('question'));
        c.end();
      });
      await world.until(server.hears('ended'));
      expect(server.text).toBe('question');
      server.does((c) => c.write(Buffer.from('answer')));
      await world.until(client.reads('answer'));
      server.does((c) => {
        c.end();
      });
      await world.until(Promise.all([client.hears('closed'), server.hears('closed')]));
      expect([client.closedBy, server.closedBy]).toEqual(['ended', 'ended']);
      expect(client.heard).toEqual(['opened', 'data', 'ended', 'closed ended']);
    });

    it('destroys this side at once, and the other hears of it', async () => {
      const { client, server } = await meet();
      client.does((c) => {
        c.destroy();
      });
      await world.until(client.hears('closed'));
      expect(client.closedBy).toBe('destroyed');
      await world.until(server.when(() => server.heard.length > 0));
      expect(['ended', 'closed reset']).toContain(server.heard[0]);
    });

    it('resets the other side, which cannot take it for an end', async () => {
      const { client, server } = await meet();
      client.does((c) => {
        c.write(KILOBYTE);
      });
      await world.until(server.hears('data'));
      client.does((c) => {
        c.reset();
      });
      await world.until(Promise.all([client.hears('closed'), server.hears('closed')]));
      expect([client.closedBy, server.closedBy]).toEqual(['destroyed', 'reset']);
      expect(server.heard).not.toContain('ended');
    });

    it('resets a side that writes to one that is gone', async () => {
      const { client, server } = await meet();
      client.does((c) => {
        c.destroy();
      });
      await world.until(server.when(() => server.heard.length > 0));
      const writes = server.when(() => {
        server.connection.write(KILOBYTE);
        return server.closedBy !== undefined;
      });
      const writing = (async () => {
        while (server.closedBy === undefined) {
          server.connection.write(KILOBYTE);
          await world.clock.sleep(1);
        }
      })();
      await world.until(Promise.all([writes, writing]));
      expect(server.closedBy).toBe('reset');
    });

    it('says that nothing listens', async () => {
      const client = connect(await freeAddress());
      await world.until(client.hears('closed'));
      expect(client.heard).toEqual(['closed refused']);
    });

    it('makes a writer wait while the reader does, and loses nothing', async () => {
      const { client, server } = await meet();
      server.does((c) => {
        c.pause();
      });
      let sent = 0;
      const fill = async (): Promise<void> => {
        // The systems on the way have buffers of their own, so the first "full" may pass.
        for (let fulls = 0; fulls < 3; fulls++) {
          while (client.does((c) => c.write(KILOBYTE))) sent += 1024;
          sent += 1024;
          if (fulls < 2) await Promise.race([client.hears('drained'), world.clock.sleep(20)]);
        }
      };
      await world.until(fill());
      const before = server.bytes;
      expect(client.connection.buffered).toBeGreaterThanOrEqual(0);
      const drained = client.when(() => client.heard.at(-1) === 'drained');
      server.does((c) => {
        c.resume();
      });
      await world.until(drained);
      client.does((c) => {
        c.end();
      });
      await world.until(server.hears('ended'));
      expect(before).toBeLessThan(sent);
      expect(server.bytes).toBe(sent);
    });

    it('gives a paused side nothing until it resumes', async () => {
      const { client, server } = await meet();
      server.does((c) => {
        c.pause();
      });
      client.does((c) => c.write(Buffer.from('early')));
      client.does((c) => {
        c.end();
      });
      await world.until(world.clock.sleep(20));
      expect(server.heard).toEqual([]);
      server.does((c) => {
        c.resume();
      });
      await world.until(server.hears('ended'));
      expect(server.text).toBe('early');
    });

    it('lends what it reads to a handler that borrows, which may write it on however full that is', async () => {
      const listener = await world.until(
        world.server.listen(world.at, (connection) => {
          connection.handler = echoOf(connection);
        }),
      );
      listeners.push(listener);
      const sent = Buffer.from(
        Array.from({ length: 60_000 }, (_, at) => `${at.toString(36)} `)
          .join('')
          .repeat(6),
      );
      const client = world.client.connect(listener.address, { timeoutMs: 10_000 });
      const heard: Uint8Array[] = [];
      const over = new Promise<void>((resolve) => {
        client.handler = {
          opened: () => {
            client.pause();
            client.write(Buffer.from('small '));
            client.write(sent);
            client.write(Buffer.from(' small again'));
            client.end();
          },
          data: (bytes) => heard.push(bytes),
          drained: () => undefined,
          ended: () => undefined,
          closed: () => {
            resolve();
          },
        };
      });
      // All buffers on the way are full by then.
      await world.until(world.clock.sleep(50));
      client.resume();
      await world.until(over);
      expect(Buffer.concat(heard).equals(Buffer.from(`small ${sent.toString()} small again`))).toBe(
        true,
      );
    });

    it('takes any call after its end without a word', async () => {
      const { client } = await meet();
      client.does((c) => {
        c.destroy();
      });
      await world.until(client.hears('closed'));
      expect(client.does((c) => c.write(KILOBYTE))).toBe(false);
      for (const act of ['end', 'destroy', 'reset', 'pause', 'resume', 'cork', 'uncork'] as const) {
        client.does((c) => {
          c[act]();
        });
      }
      expect(client.heard.at(-1)).toBe('closed destroyed');
    });

    it('writes what was corked', async () => {
      const { client, server } = await meet();
      client.does((c) => {
        c.cork();
        c.write(Buffer.from('a'));
        c.write(Buffer.from('b'));
        c.uncork();
      });
      await world.until(server.reads('ab'));
    });

    it('writes what was corked in its order, small and large, and at its end too', async () => {
      const { client, server } = await meet();
      const large = Buffer.alloc(20_000, 'L');
      client.does((c) => {
        c.cork();
        c.write(Buffer.from('a'));
        c.write(large);
        c.write(Buffer.from('b'));
        c.write(Buffer.from('c'));
        c.end();
        c.uncork();
      });
      await world.until(server.hears('ended'));
      expect(server.text).toBe(`a${large.toString()}bc`);
    });

    it('can be destroyed before it opens', async () => {
      const listener = await listen(() => undefined);
      const client = connect(listener.address);
      client.does((c) => {
        c.destroy();
      });
      await world.until(client.hears('closed'));
      expect(client.heard).toEqual(['closed destroyed']);
    });

    it('does not listen where somebody does', async () => {
      const { address } = await listen(() => undefined);
      await expect(
        world.until(world.server.listen(address, () => undefined)),
      ).rejects.toMatchObject({
        code: 'ERR_LISTEN_FAILED',
      });
    });

    it('takes no more connections when it is closed, and keeps those it took', async () => {
      const { client, server, listener } = await meet();
      await world.until(listener.close());
      const late = connect(listener.address);
      await world.until(late.hears('closed'));
      expect(late.closedBy).toBe('refused');
      client.does((c) => c.write(Buffer.from('still here')));
      await world.until(server.reads('still here'));
    });

    describe('a call', () => {
      function request(to: Address, given: Partial<OutboundCall> = {}): OutboundCall {
        const url = `http://${formatAddress(to)}/`;
        return { method: 'GET', url, timeoutMs: 10_000, answerBytesMax: 1 << 20, ...given };
      }

      /** A server that answers each first request with these bytes, and then closes. */
      async function answering(answer: string | Uint8Array): Promise<Listener> {
        return listen((peer) => {
          void peer
            .when(() => peer.text.includes('\r\n\r\n'))
            .then(() => {
              peer.connection.write(Buffer.from(answer));
              peer.connection.end();
            });
        });
      }

      it('brings method, path, headers and body there and an answer back', async () => {
        const server = new HttpServer(
          { net: world.server, clock: world.clock, log: SILENT_LOG },
          [
            {
              method: 'POST',
              path: '/a/b',
              handler: ({ query, headers, body }) => ({
                status: 201,
                headers: { 'x-back': `${query} ${headers.slice(0, 4).join()}` },
                body: Buffer.concat([body, Buffer.from('!')]),
              }),
            },
          ],
          { at: world.at },
        );
        await world.until(server.start());
        const url = `http://${formatAddress(server.address)}/a/b?c=d`;
        const body = 'x'.repeat(100_000);
        const answer = await world.until(
          world.client.call(
            request(server.address, { method: 'POST', url, body, headers: { 'x-a': '1' } }),
          ),
        );
        expect(answer.status).toBe(201);
        expect(answer.headers.get('x-back')).toContain('?c=d host,');
        expect(answer.headers.get('date')).toMatch(/GMT$/);
        expect(Buffer.from(answer.body).toString()).toBe(`${body}!`);
        await world.until(server.stop());
      });

      it.each([
        ['with a length', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'],
        [
          'in chunks',
          'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\no\r\n1\r\nk\r\n0\r\n\r\n',
        ],
        ['until the end', 'HTTP/1.1 200 OK\r\n\r\nok'],
        [
          'after an interim answer',
          'HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok',
        ],
      ])('takes an answer %s', async (_name, bytes) => {
        const { address } = await answering(bytes);
        const answer = await world.until(world.client.call(request(address)));
        expect([answer.status, Buffer.from(answer.body).toString()]).toEqual([200, 'ok']);
      });

      it('joins headers that repeat', async () => {
        const { address } = await answering('HTTP/1.1 204 No Content\r\nX-A: 1\r\nx-a: 2\r\n\r\n');
        const answer = await world.until(world.client.call(request(address)));
        expect(answer.headers.get('x-a')).toBe('1, 2');
      });

      it('does not follow a redirect', async () => {
        const { address } = await answering(
          'HTTP/1.1 302 Found\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n',
        );
        const answer = await world.until(world.client.call(request(address)));
        expect([answer.status, answer.headers.get('location')]).toEqual([302, '/b']);
      });

      it('was certainly not carried out where nothing listens', async () => {
        const call = world.client.call(request(await freeAddress()));
        await expect(world.until(call)).rejects.toMatchObject({ code: 'ERR_CALL_REFUSED' });
      });

      it.each([
        ['no byte', ''],
        ['half a head', 'HTTP/1.1 200 OK\r\nContent-'],
        ['half a body', 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel'],
        ['half a chunk', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel'],
        ['something else', 'SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n\r\n'],
        [
          'a conflict',
          'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
        ],
      ])('may have been carried out when the answer is %s', async (_name, bytes) => {
        const { address } = await answering(bytes);
        const call = world.client.call(request(address));
        await expect(world.until(call)).rejects.toMatchObject({ code: 'ERR_CALL_AMBIGUOUS' });
      });

      it('may have been carried out when the server resets', async () => {
        const { address } = await listen((peer) => {
          void peer.hears('data').then(() => {
            peer.connection.reset();
          });
        });
        const call = world.client.call(request(address, { method: 'POST', body: 'x' }));
        await expect(world.until(call)).rejects.toMatchObject({ code: 'ERR_CALL_AMBIGUOUS' });
      });

      it('may have been carried out when no answer comes in time', async () => {
        const { address } = await listen(() => undefined);
        const call = world.client.call(request(address, { timeoutMs: 50 }));
        await expect(world.until(call)).rejects.toMatchObject({ code: 'ERR_CALL_AMBIGUOUS' });
      });

      it('is limited as a whole, not byte by byte', async () => {
        const { address } = await listen((peer) => {
          void peer.hears('data').then(async () => {
            peer.connection.write(Buffer.from('HTTP/1.1 200 OK\r\nX: '));
            while (peer.closedBy === undefined && peer.connection.write(Buffer.from('x'))) {
              await world.clock.sleep(5);
            }
          });
        });
        const call = world.client.call(request(address, { timeoutMs: 60 }));
        await expect(world.until(call)).rejects.toMatchObject({ code: 'ERR_CALL_AMBIGUOUS' });
      });

      it('stops at an answer that is too long, whatever its length says', async () => {
        for (const bytes of [
          `HTTP/1.1 200 OK\r\nContent-Length: 101\r\n\r\n${'x'.repeat(101)}`,
          `HTTP/1.1 200 OK\r\n\r\n${'x'.repeat(200_000)}`,
        ]) {
          const { address } = await answering(bytes);
          const call = world.client.call(request(address, { answerBytesMax: 100 }));
          await expect(world.until(call)).rejects.toMatchObject({ code: 'ERR_CALL_OVERSIZED' });
        }
        const { address } = await answering(
          `HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n${'x'.repeat(100)}`,
        );
        const answer = await world.until(
          world.client.call(request(address, { answerBytesMax: 100 })),
        );
        expect(answer.body).toHaveLength(100);
      });

      it('was not carried out when it is called off before it is sent', async () => {
        const { address } = await listen(() => undefined);
        const call = world.client.call(request(address, { signal: AbortSignal.abort() }));
        await expect(world.until(call)).rejects.toMatchObject({ code: 'ERR_CALL_FAILED' });
      });

      it('may have been carried out when it is called off after it was sent', async () => {
        const controller = new AbortController();
        const { address } = await listen((peer) => {
          void peer.hears('data').then(() => {
            controller.abort();
          });
        });
        const call = world.client.call(request(address, { signal: controller.signal }));
        await expect(world.until(call)).rejects.toMatchObject({ code: 'ERR_CALL_AMBIGUOUS' });
      });

      it.each([
        'https://a/',
        'ftp://a/',
        'http://user@a/',
        'http://a:99999/',
        'http://a/../b',
        'http://a/#b',
        'http://a b/',
        'a',
        '',
      ])('to %j is refused', async (url) => {
        const call = world.client.call({ ...request({ host: 'a', port: 1 }), url });
        await expect(world.until(call)).rejects.toMatchObject({ code: 'ERR_CALL_FORBIDDEN' });
      });
    });
  });
}

/** Says again what it hears, and is done when its peer is. */
function echoOf(connection: Connection): ConnectionHandler {
  return {
    borrows: true,
    opened: () => undefined,
    data: (bytes) => {
      if (!connection.write(bytes)) connection.pause();
    },
    drained: () => {
      connection.resume();
    },
    ended: () => {
      connection.end();
    },
    closed: () => undefined,
  };
}
