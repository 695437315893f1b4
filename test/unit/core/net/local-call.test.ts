import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import type { Server, Socket } from 'node:net';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SystemClock } from '../../../../core/clock/system.js';
import { localCall } from '../../../../core/net/local-call.js';

const LIMITS = { timeoutMs: 2000, answerBytesMax: 100 };

describe('a call to a program of this machine', () => {
  const clock = new SystemClock();
  let folder = '';
  let server: Server | undefined;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'foreshift-local-'));
  });

  afterEach(async () => {
    const listener = server;
    if (listener !== undefined) await new Promise((resolve) => listener.close(resolve));
    server = undefined;
    await rm(folder, { recursive: true });
  });

  /** What does that with whoever connects, at the path returned. */
  async function listening(take: (socket: Socket) => void): Promise<string> {
    const path = join(folder, 'socket');
    const listener = createServer((socket) => {
      socket.on('error', () => undefined);
      take(socket);
    });
    server = listener;
    await new Promise<void>((resolve) => listener.listen(path, resolve));
    return path;
  }

  const ask = (path: string, limits = LIMITS): Promise<Buffer> =>
    localCall(path, Buffer.from('question'), clock, limits);

  it('is answered with all that is said until the end', async () => {
    const path = await listening((socket) => {
      socket.on('data', (bytes) => {
        socket.write('to ');
        setImmediate(() => socket.end(bytes));
      });
    });
    expect((await ask(path)).toString()).toBe('to question');
    expect((await ask(path)).toString()).toBe('to question');
  });

  it('says that nothing listens', async () => {
    const path = join(folder, 'nobody');
    await expect(ask(path)).rejects.toMatchObject({
      code: 'ERR_CALL_REFUSED',
      facts: { url: `unix:${path}` },
    });
  });

  it('goes to no other whose name begins like a name that is too long', async () => {
    const path = join(folder, 'x'.repeat(300));
    await expect(ask(path)).rejects.toMatchObject({
      code: 'ERR_CALL_FAILED',
      facts: { why: 'its name has more than 107 bytes' },
    });
  });

  it('does not wait for ever', async () => {
    const path = await listening((socket) => socket.resume());
    await expect(ask(path, { ...LIMITS, timeoutMs: 20 })).rejects.toMatchObject({
      code: 'ERR_CALL_AMBIGUOUS',
      facts: { why: 'no end within 20 ms' },
    });
  });

  it('takes no more than it may', async () => {
    const path = await listening((socket) => socket.resume().end('x'.repeat(101)));
    await expect(ask(path)).rejects.toMatchObject({ code: 'ERR_CALL_OVERSIZED' });
  });

  it('says that nothing was said', async () => {
    const path = await listening((socket) => {
      socket.on('data', () => socket.end());
    });
    expect(await ask(path)).toHaveLength(0);
  });
});
