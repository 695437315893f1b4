import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Address } from '../../core/domain.js';
import { freePort } from '../../demo/free-port.js';

export const MASTER = 'main';

/** A Sentinel that a test starts: alone it decides that the master is down, half a second after it was last heard. */
export class RedisSentinel {
  readonly at: Address;
  readonly #folder: string;
  readonly #child: ChildProcess;
  readonly #ended: Promise<void>;

  private constructor(at: Address, folder: string, child: ChildProcess) {
    this.at = at;
    this.#folder = folder;
    this.#child = child;
    this.#ended = new Promise((resolve) => {
      child.once('close', () => {
        resolve();
      });
    });
  }

  /** Resolves when it watches. @throws with what it said, if it does not */
  static async start(master: Address, password: string): Promise<RedisSentinel> {
    const folder = await mkdtemp(join(tmpdir(), 'foreshift-sentinel-'));
    const port = await freePort();
    const file = join(folder, 'sentinel.conf');
    await writeFile(
      file,
      [
        `port ${port}`,
        'bind 127.0.0.1',
        `dir ${folder}`,
        `sentinel monitor ${MASTER} ${master.host} ${master.port} 1`,
        `sentinel auth-pass ${MASTER} ${password}`,
        `sentinel down-after-milliseconds ${MASTER} 500`,
        `sentinel failover-timeout ${MASTER} 3000`,
        '',
      ].join('\n'),
    );
    const child = spawn('redis-sentinel', [file], { stdio: ['ignore', 'pipe', 'pipe'] });
    await new Promise<void>((resolve, reject) => {
      let said = '';
      child.once('error', reject);
      child.once('close', () => {
        reject(new Error(`redis-sentinel ended: ${said}`));
      });
      const hear = (chunk: Buffer): void => {
        said = (said + chunk.toString()).slice(-10_000);
        if (said.includes('+slave')) resolve();
      };
      child.stdout.on('data', hear);
      child.stderr.on('data', hear);
    });
    return new RedisSentinel({ host: '127.0.0.1', port }, folder, child);
  }

  async dispose(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#ended;
    await rm(this.#folder, { recursive: true, force: true });
  }
}
