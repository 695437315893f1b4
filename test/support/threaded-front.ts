import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { SystemClock } from '../../core/clock/system.js';
import type { Address } from '../../core/domain.js';
import { NodeNet } from '../../core/net/node.js';
import { thisMachine } from '../../demo/this-machine.js';

const AT = { host: '127.0.0.1', port: 0 };

/** What `HttpFront.startBefore` begins, in a thread that took its socket over from this one. */
export class ThreadedFront {
  readonly address: Address;
  readonly #thread: Worker;

  private constructor(address: Address, thread: Worker) {
    this.address = address;
    this.#thread = thread;
  }

  static async startBefore(server: Address): Promise<ThreadedFront> {
    const net = new NodeNet(new SystemClock(), thisMachine());
    const listener = await net.listen(AT, () => {
      throw new Error('nobody knows of the listener yet');
    });
    const thread = new Worker(new URL('./front-worker.js', import.meta.url), {
      workerData: { server, listener: { at: AT, descriptor: listener.descriptor } },
    });
    await once(thread, 'message');
    // From now on all that comes is the thread's.
    await listener.close();
    return new ThreadedFront(listener.address, thread);
  }

  async connections(): Promise<number> {
    const answered = once(this.#thread, 'message');
    this.#thread.postMessage('how many');
    const [connections] = (await answered) as [number];
    return connections;
  }

  async stop(): Promise<void> {
    await this.#thread.terminate();
  }
}
