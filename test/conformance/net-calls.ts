import { describe, expect, it } from '@jest/globals';
import type { Address } from '../../core/domain.js';
import { formatAddress } from '../../core/domain.js';
import { SILENT_LOG } from '../../core/log.js';
import { HttpServer } from '../../core/net/http-server.js';
import type { Listener, OutboundCall } from '../../core/net/port.js';
import type { MeetingPlace } from '../support/meeting-place.js';

/** A request of ours and its answer: what it brings, and what is known when it fails. */
export function describeCalls(net: MeetingPlace): void {
  describe('a call', () => {
    function request(to: Address, given: Partial<OutboundCall> = {}): OutboundCall {
      const url = `http://${formatAddress(to)}/`;
      return { method: 'GET', url, timeoutMs: 10_000, answerBytesMax: 1 << 20, ...given };
    }

    /** A server that answers each first request with these bytes, and then closes. */
    async function answering(answer: string | Uint8Array): Promise<Listener> {
      return net.listen((peer) => {
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
        { net: net.server, clock: net.clock, log: SILENT_LOG },
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
        { at: net.at },
      );
      await net.until(server.start());
      const url = `http://${formatAddress(server.address)}/a/b?c=d`;
      const body = 'x'.repeat(100_000);
      const answer = await net.until(
        net.client.call(
          request(server.address, { method: 'POST', url, body, headers: { 'x-a': '1' } }),
        ),
      );
      expect(answer.status).toBe(201);
      expect(answer.headers.get('x-back')).toContain('?c=d host,');
      expect(answer.headers.get('date')).toMatch(/GMT$/);
      expect(Buffer.from(answer.body).toString()).toBe(`${body}!`);
      await net.until(server.stop());
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
      const answer = await net.until(net.client.call(request(address)));
      expect([answer.status, Buffer.from(answer.body).toString()]).toEqual([200, 'ok']);
    });

    it('joins headers that repeat', async () => {
      const { address } = await answering('HTTP/1.1 204 No Content\r\nX-A: 1\r\nx-a: 2\r\n\r\n');
      const answer = await net.until(net.client.call(request(address)));
      expect(answer.headers.get('x-a')).toBe('1, 2');
    });

    it('does not follow a redirect', async () => {
      const { address } = await answering(
        'HTTP/1.1 302 Found\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n',
      );
      const answer = await net.until(net.client.call(request(address)));
      expect([answer.status, answer.headers.get('location')]).toEqual([302, '/b']);
    });

    it('was certainly not carried out where nothing listens', async () => {
      const call = net.client.call(request(await net.freeAddress()));
      await expect(net.until(call)).rejects.toMatchObject({ code: 'ERR_CALL_REFUSED' });
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
      const call = net.client.call(request(address));
      await expect(net.until(call)).rejects.toMatchObject({ code: 'ERR_CALL_AMBIGUOUS' });
    });

    it('may have been carried out when the server resets', async () => {
      const { address } = await net.listen((peer) => {
        void peer.hears('data').then(() => {
          peer.connection.reset();
        });
      });
      const call = net.client.call(request(address, { method: 'POST', body: 'x' }));
      await expect(net.until(call)).rejects.toMatchObject({ code: 'ERR_CALL_AMBIGUOUS' });
    });

    it('may have been carried out when no answer comes in time', async () => {
      const { address } = await net.listen(() => undefined);
      const call = net.client.call(request(address, { timeoutMs: 50 }));
      await expect(net.until(call)).rejects.toMatchObject({ code: 'ERR_CALL_AMBIGUOUS' });
    });

    it('is limited as a whole, not byte by byte', async () => {
      const { address } = await net.listen((peer) => {
        void peer.hears('data').then(async () => {
          peer.connection.write(Buffer.from('HTTP/1.1 200 OK\r\nX: '));
          while (peer.closedBy === undefined && peer.connection.write(Buffer.from('x'))) {
            await net.clock.sleep(5);
          }
        });
      });
      const call = net.client.call(request(address, { timeoutMs: 60 }));
      await expect(net.until(call)).rejects.toMatchObject({ code: 'ERR_CALL_AMBIGUOUS' });
    });

    it('stops at an answer that is too long, whatever its length says', async () => {
      for (const bytes of [
        `HTTP/1.1 200 OK\r\nContent-Length: 101\r\n\r\n${'x'.repeat(101)}`,
        `HTTP/1.1 200 OK\r\n\r\n${'x'.repeat(200_000)}`,
      ]) {
        const { address } = await answering(bytes);
        const call = net.client.call(request(address, { answerBytesMax: 100 }));
        await expect(net.until(call)).rejects.toMatchObject({ code: 'ERR_CALL_OVERSIZED' });
      }
      const { address } = await answering(
        `HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n${'x'.repeat(100)}`,
      );
      const answer = await net.until(net.client.call(request(address, { answerBytesMax: 100 })));
      expect(answer.body).toHaveLength(100);
    });

    it('was not carried out when it is called off before it is sent', async () => {
      const { address } = await net.listen(() => undefined);
      const call = net.client.call(request(address, { signal: AbortSignal.abort() }));
      await expect(net.until(call)).rejects.toMatchObject({ code: 'ERR_CALL_FAILED' });
    });

    it('may have been carried out when it is called off after it was sent', async () => {
      const controller = new AbortController();
      const { address } = await net.listen((peer) => {
        void peer.hears('data').then(() => {
          controller.abort();
        });
      });
      const call = net.client.call(request(address, { signal: controller.signal }));
      await expect(net.until(call)).rejects.toMatchObject({ code: 'ERR_CALL_AMBIGUOUS' });
    });

    it.each([
      'ftp://a/',
      'http://user@a/',
      'https://user@a/',
      'http://a:99999/',
      'https://a:99999/',
      'http://a/../b',
      'http://a/#b',
      'http://a b/',
      'a',
      '',
    ])('to %j is refused', async (url) => {
      const call = net.client.call({ ...request({ host: 'a', port: 1 }), url });
      await expect(net.until(call)).rejects.toMatchObject({ code: 'ERR_CALL_FORBIDDEN' });
    });
  });
}
