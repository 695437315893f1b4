import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { connect } from 'node:net';
import { Worker } from 'node:worker_threads';
import { afterEach, describe, expect, it } from '@jest/globals';
import { SystemClock } from '../../core/clock/system.js';
import { OutboundGuard } from '../../core/net/guard.js';
import { NodeNet } from '../../core/net/node.js';
import type { Listener } from '../../core/net/port.js';
import { SharedListeners } from '../../core/net/shared-listeners.js';

/* Threads on one listening socket: each has its own number for it, so that none takes it from the others when it ends. */

const AT = { host: '127.0.0.1', port: 0 };

describe('a listener that threads share', () => {
  const clock = new SystemClock();
  const net = new NodeNet(clock, new OutboundGuard({ networks: [], ports: [], excluded: [] }));
  const ends: (() => Promise<unknown>)[] = [];

  afterEach(async () => {
    await Promise.all(ends.splice(0).map((end) => end()));
  });

  it('is taken from by all, and outlives each of them', async () => {
    const listeners = [await listen('main'), await listen('main')];
    for (let life = 0; life < 3; life++) {
      const thread = await threadOn(listeners);
      for (const { address } of listeners) {
        // Whoever is free first takes it, and the main thread has the clients to carry, too: it may take a while.
        const seen = new Set<string>();
        for (let round = 0; seen.size < 2 && round < 1000; round++) {
          for (const answer of await answersOf(address.port, 10)) seen.add(answer);
        }
        expect(seen).toEqual(new Set(['main', 'thread']));
      }
      await thread.terminate();
      for (const { address } of listeners) {
        expect(new Set(await answersOf(address.port, 50))).toEqual(new Set(['main']));
      }
    }
  });

  it('goes on in a thread when its first one has closed it', async () => {
    const listener = await listen('main');
    await threadOn([listener]);
    await listener.close();
    expect(new Set(await answersOf(listener.address.port, 20))).toEqual(new Set(['thread']));
  });

  it('is not opened where no other thread listens', async () => {
    const listener = await listen('main');
    const shared = new SharedListeners(clock, [{ at: AT, descriptor: listener.descriptor ?? -1 }]);
    const elsewhere = { host: '127.0.0.1', port: 1 };
    const nobody = (): void => {
      throw new Error('nothing is there to listen on');
    };
    await expect(shared.open(elsewhere, nobody)).rejects.toMatchObject({
      code: 'ERR_LISTEN_FAILED',
    });
  });

  async function listen(says: string): Promise<Listener> {
    const listener = await net.listen(AT, (connection) => {
      connection.handler = {
        opened: () => undefined,
        data: () => undefined,
        drained: () => undefined,
        ended: () => undefined,
        closed: () => undefined,
      };
      connection.write(Buffer.from(says));
      connection.end();
    });
    ends.push(() => listener.close());
    return listener;
  }

  async function threadOn(listeners: readonly Listener[]): Promise<Worker> {
    const thread = new Worker(new URL('../support/listening-worker.js', import.meta.url), {
      workerData: {
        listeners: listeners.map(({ descriptor }) => ({ at: AT, descriptor })),
      },
    });
    ends.push(() => thread.terminate());
    await once(thread, 'message');
    return thread;
  }
});

/** What was said to so many clients, some at a time. */
async function answersOf(port: AddressInfo['port'], count: number): Promise<string[]> {
  const answers: string[] = [];
  while (answers.length < count) {
    answers.push(...(await Promise.all(Array.from({ length: 10 }, () => answerOf(port)))));
  }
  return answers;
}

function answerOf(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    connect(port, '127.0.0.1')
      .on('data', (bytes) => (text += bytes.toString()))
      .on('error', reject)
      .on('close', () => {
        resolve(text);
      });
  });
}
