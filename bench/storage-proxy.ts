import type { ChildProcess } from 'node:child_process';
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { StorageProxyArguments, StorageProxyReady } from './storage-messages.js';

/** A proxy under measurement, in a process of its own. */
export class StorageProxy {
  readonly pid: number;
  readonly port: number;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, port: number) {
    this.#child = child;
    this.pid = child.pid ?? 0;
    this.port = port;
  }

  static async start(given: StorageProxyArguments): Promise<StorageProxy> {
    const file = fileURLToPath(new URL('./storage-process.js', import.meta.url));
    const child = fork(file, [JSON.stringify(given)]);
    const { port } = await new Promise<StorageProxyReady>((resolve, reject) => {
      child.once('message', (message) => {
        resolve(message as StorageProxyReady);
      });
      child.once('exit', () => {
        reject(new Error('a proxy of the bench ended'));
      });
    });
    return new StorageProxy(child, port);
  }

  async stop(): Promise<void> {
    const ended = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.kill();
    await ended;
  }
}
