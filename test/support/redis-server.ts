import type { ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Address } from '../../core/domain.js';
import { startRedis } from '../../demo/engines.js';
import { freePort } from '../../demo/free-port.js';
import { pause } from './paused.js';

const TRIES = 5;

type Settings = Readonly<Record<string, string>>;

/** A real Redis that a test starts, on a free port, in a folder of its own; it keeps a synced append-only file. */
export class RedisServer {
  readonly folder: string;
  readonly #settings: Settings;
  #port = 0;
  #child: ChildProcess | undefined;
  #ended: Promise<unknown> = Promise.resolve();

  private constructor(folder: string, settings: Settings) {
    this.folder = folder;
    this.#settings = settings;
  }

  /** @param settings as in its configuration file, over the defaults: `{ maxmemory: '3mb' }`; with a certificate it is encrypted only */
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

  /**
   * Starts it on what it kept, on the same port.
   * @param changed of its settings, this once
   * @throws with what it said, if it does not serve
   */
  async restart(changed: Settings = {}): Promise<void> {
    const settings = { ...this.#settings, ...changed, ...portOf(this.#settings, this.#port) };
    const started = await startRedis({ folder: this.folder, port: this.#port, settings });
    this.#child = started.child;
    this.#ended = started.ended;
  }

  /** As kill -9 does; resolves when it is gone. */
  async kill(): Promise<void> {
    this.#child?.kill('SIGKILL');
    await this.#ended;
  }

  /** It keeps its connections, and answers nothing until it goes on. */
  pause(): void {
    pause(this.#child);
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

function portOf(settings: Settings, port: number): Settings {
  return 'tls-cert-file' in settings ? { port: '0', 'tls-port': String(port) } : {};
}
