import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Address } from '../../core/domain.js';
import { freePort } from '../../demo/free-port.js';

export const MASTER = 'main';

interface SentinelOptions {
  /** Of its configuration file, besides: `{ requirepass: 'x' }`; with a certificate it is encrypted only. */
  readonly settings?: Readonly<Record<string, string>>;
  /** It watches once it knows it. */
  readonly hasReplica?: boolean;
}

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
  static async start(
    master: Address,
    password: string,
    { settings = {}, hasReplica = true }: SentinelOptions = {},
  ): Promise<RedisSentinel> {
    const folder = await mkdtemp(join(tmpdir(), 'foreshift-sentinel-'));
    const port = await freePort();
    const file = join(folder, 'sentinel.conf');
    await writeFile(
      file,
      [
        ...('tls-cert-file' in settings ? ['port 0', `tls-port ${port}`] : [`port ${port}`]),
        'bind 127.0.0.1',
        `dir ${folder}`,
        ...Object.entries(settings).map(([name, value]) => `${name} ${value}`),
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
        if (said.includes(hasReplica ? '+slave' : '+monitor')) resolve();
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
