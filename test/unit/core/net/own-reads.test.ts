import { afterEach, describe, expect, it } from '@jest/globals';
import type { Server } from 'node:net';
import { Socket, connect, createServer } from 'node:net';
import { readIntoOwn } from '../../../../core/net/own-reads.js';

describe('readIntoOwn', () => {
  const ends: (() => void)[] = [];

  afterEach(() => {
    for (const end of ends.splice(0)) end();
  });

  /** Both ends of a connection. */
  async function pair(): Promise<{ readonly accepted: Socket; readonly client: Socket }> {
    let server: Server | undefined;
    const [accepted, client] = await new Promise<[Socket, Socket]>((resolve) => {
      server = createServer((socket) => {
        resolve([socket, client]);
      });
      let client: Socket;
      server.listen(0, '127.0.0.1', () => {
        const at = server?.address();
        client = connect({ host: '127.0.0.1', port: typeof at === 'object' ? (at?.port ?? 0) : 0 });
      });
    });
    ends.push(() => {
      server?.close();
      accepted.destroy();
      client.destroy();
    });
    return { accepted, client };
  }

  it('makes a socket that a server accepted read into memory of ours, on this Node', async () => {
    const { accepted, client } = await pair();
    const first = Buffer.alloc(64);
    const second = Buffer.alloc(64);
    const read: string[] = [];
    let into = first;
    const both = new Promise<void>((resolve) => {
      const isOwn = readIntoOwn(accepted, {
        into,
        read: (length) => {
          read.push(into.toString('latin1', 0, length));
          if (read.length === 1) client.write('two');
          else resolve();
        },
        next: () => (into = second),
      });
      expect(isOwn).toBe(true);
    });
    client.write('one');
    await both;
    expect(read).toEqual(['one', 'two']);
    expect(second.toString('latin1', 0, 3)).toBe('two');
    const ended = new Promise((resolve) => accepted.once('end', resolve));
    accepted.resume();
    client.end();
    await ended;
  });

  it('leaves alone what is not open', () => {
    const options = { into: Buffer.alloc(1), read: () => undefined, next: () => undefined };
    expect(readIntoOwn(new Socket(), options)).toBe(false);
  });
});
