import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Address } from '../../core/domain.js';
import { freePort } from '../../demo/free-port.js';

const TRIES = 5;
const START_TIMEOUT_MS = 20_000;

type Settings = Readonly<Record<string, string>>;

/** A real Redis that a test starts, on a free port, in a folder of its own; it keeps a synced append-only file. */
export class RedisServer {
  readonly folder: string;
  readonly #settings: Settings;
  #port = 0;
  #child: ChildProcess | undefined;
  #ended: Promise<void> = Promise.resolve();

  private constructor(folder: string, settings: Settings) {
    this.folder = folder;
    this.#settings = settings;
  }

  /** @param settings as in its configuration file, over the defaults: `{ maxmemory: '3mb' }` */
  static async start(settings: Settings = {}): Promise<RedisServer> {
    const folder = await mkdtemp(join(tmpdir(), 'foreshift-redis-'));
    const server = new RedisServer(folder, settings);
    for (let tried = 1; ; tried++) {
      server.#port = await freePort();
      try {
        await server.restart();
        return server;
      } catch (error) {
        // Somebody else may have taken the port meanwhile.
        if (tried < TRIES) continue;
        await server.dispose();
        throw error;
      }
    }
  }

  get at(): Address {
    return { host: '127.0.0.1', port: this.#port };
  }

  get url(): string {
    return `redis://127.0.0.1:${this.#port}`;
  }

  /** Starts it on what it kept, on the same port. @throws with what it said, if it does not serve */
  async restart(): Promise<void> {
    const settings = {
      port: String(this.#port),
      bind: '127.0.0.1',
      dir: this.folder,
      save: '',
      appendonly: 'yes',
      appendfsync: 'always',
      ...this.#settings,
    };
    const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]);
    const child = spawn('redis-server', args, { stdio: ['ignore', 'pipe', 'pipe'] });
    this.#child = child;
    let said = '';
    await new Promise<void>((resolve, reject) => {
      const late = setTimeout(() => {
        child.kill('SIGKILL');
      }, START_TIMEOUT_MS);
      this.#ended = new Promise((ended) => {
        child.once('error', reject);
        child.once('close', (exit) => {
          clearTimeout(late);
          reject(new Error(`redis-server ended with ${exit ?? 'a signal'}: ${said}`));
          ended();
        });
      });
      const hear = (chunk: Buffer): void => {
        said = (said + chunk.toString()).slice(-10_000);
        if (!said.includes('Ready to accept connections')) return;
        clearTimeout(late);
        resolve();
      };
      child.stdout.on('data', hear);
      child.stderr.on('data', hear);
    });
  }

  /** As kill -9 does; resolves when it is gone. */
  async kill(): Promise<void> {
    this.#child?.kill('SIGKILL');
    await this.#ended;
  }

  /** It keeps its connections, and answers nothing until it goes on. */
  pause(): void {
    this.#child?.kill('SIGSTOP');
  }

  goOn(): void {
    this.#child?.kill('SIGCONT');
  }

  async stop(): Promise<void> {
    this.#child?.kill('SIGCONT');
    this.#child?.kill('SIGTERM');
    await this.#ended;
  }

  /** Stops it and removes what it kept. */
  async dispose(): Promise<void> {
    await this.kill();
    await rm(this.folder, { recursive: true, force: true });
  }
}
