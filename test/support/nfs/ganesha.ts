import type { ChildProcess } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../../demo/free-port.js';
import type { Place } from '../../../demo/storage-engines.js';
import { exportBlock, startGanesha } from '../../../demo/storage-engines.js';

export interface GaneshaOptions {
  /** The directory that it exports, by this path. */
  readonly data: string;
  /** Part of its file handles: with another one, those of other servers say nothing to it. */
  readonly exportId: number;
  /** Its export stands in `exports/vol-1.export`, and is exported once an agent has put it into `owned.conf`. */
  readonly isOwnedOnly?: boolean;
  /** Where it runs; left out: here, on loopback. */
  readonly place?: Place;
}

/** A real nfs-ganesha over a directory. Needs root. */
export class Ganesha {
  readonly port: number;
  readonly mountPort: number;
  readonly #folder: string;
  readonly #options: GaneshaOptions;
  #child: ChildProcess | undefined;
  #lives = 0;

  private constructor(folder: string, ports: readonly [number, number], options: GaneshaOptions) {
    this.#folder = folder;
    [this.port, this.mountPort] = ports;
    this.#options = options;
  }

  static async start(options: GaneshaOptions): Promise<Ganesha> {
    const folder = await mkdtemp(join(tmpdir(), 'foreshift-ganesha-'));
    const server = new Ganesha(folder, [await freePort(), await freePort()], options);
    await server.restart();
    return server;
  }

  get exports(): string {
    return join(this.#folder, 'exports');
  }

  get pidFile(): string {
    return join(this.#folder, 'pid');
  }

  /** On the same ports, with what is on the disk. */
  async restart(): Promise<void> {
    const { data, exportId, isOwnedOnly = false, place } = this.#options;
    this.#lives += 1;
    const block = exportBlock({ id: exportId, path: data, pseudo: '/data' });
    if (isOwnedOnly) {
      await mkdir(this.exports, { recursive: true });
      await writeFile(join(this.exports, 'vol-1.export'), block);
      await writeFile(join(this.exports, 'owned.conf'), '', { flag: 'a' });
    }
    const { child, serves } = await startGanesha({
      ...{
        ...(place === undefined ? {} : { place }),
        folder: this.#folder,
        port: this.port,
        mountPort: this.mountPort,
        pidFile: this.pidFile,
      },
      exports: isOwnedOnly ? `%include ${join(this.exports, 'owned.conf')}` : block,
      log: join(this.#folder, `log-${this.#lives}`),
    });
    this.#child = child;
    await serves.catch(async (error: unknown) => {
      await this.stop();
      throw error;
    });
  }

  /** At once, with all that it had in memory; the machine, which has the files, lives on. */
  async kill(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child?.pid === undefined || child.exitCode !== null) return;
    const ended = new Promise<void>((resolve) => child.once('exit', resolve));
    process.kill(-child.pid, 'SIGKILL');
    await ended;
  }

  async stop(): Promise<void> {
    await this.kill();
    await rm(this.#folder, { recursive: true, force: true });
  }
}
