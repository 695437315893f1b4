import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../../../demo/free-port.js';

export interface GaneshaOptions {
  /** The directory that it exports, by this path. */
  readonly data: string;
  /** Part of its file handles: with another one, those of other servers say nothing to it. */
  readonly exportId: number;
  /** Its export stands in `exports/vol-1.export`, and is exported once an agent has put it into `owned.conf`. */
  readonly isOwnedOnly?: boolean;
  /** Where it runs; left out: here, on loopback. */
  readonly place?: {
    readonly host: string;
    /** What runs a command there. */
    readonly within: readonly string[];
  };
}

const STARTED = 'NFS SERVER INITIALIZED';
const START_TIMEOUT_MS = 30_000;

/**
 * A real nfs-ganesha over a directory, with an rpcbind of its own, which it does not start without. /run is theirs alone, so
 * that several run side by side. Needs root.
 */
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
    const { host, within } = place ?? { host: '127.0.0.1', within: [] };
    this.#lives += 1;
    const log = join(this.#folder, `log-${this.#lives}`);
    const config = join(this.#folder, 'ganesha.conf');
    const block = `EXPORT { Export_Id = ${exportId}; Path = ${data}; Pseudo = /data; Squash = no_root_squash; Access_Type = RW;
         SecType = sys; Protocols = 3; Transports = TCP; PrivilegedPort = false; Attr_Expiration_Time = 0; FSAL { Name = VFS; } }`;
    if (isOwnedOnly) {
      await mkdir(this.exports, { recursive: true });
      await writeFile(join(this.exports, 'vol-1.export'), block);
      await writeFile(join(this.exports, 'owned.conf'), '', { flag: 'a' });
    }
    await writeFile(
      config,
      `NFS_CORE_PARAM { Bind_addr = ${host}; Protocols = 3; NFS_Port = ${this.port}; MNT_Port = ${this.mountPort};
         Enable_NLM = false; Enable_RQUOTA = false; Enable_UDP = false; }
       MDCACHE { Dir_Chunk = 0; }
       NFSV4 { Graceless = true; RecoveryBackend = fs; RecoveryRoot = ${this.#folder}; }
       ${isOwnedOnly ? `%include ${join(this.exports, 'owned.conf')}` : block}\n`,
    );
    const script = `mount -t tmpfs tmpfs /run && mkdir -p /run/ganesha /run/lock
      rpcbind -f -h 127.0.0.2 & sleep 0.3
      exec ganesha.nfsd -F -f ${config} -L ${log} -p ${this.pidFile} -N NIV_EVENT`;
    const [program, ...before] = [...within, 'unshare'];
    this.#child = spawn(program, [...before, '-m', 'sh', '-c', script], {
      detached: true,
      stdio: 'ignore',
    });
    await this.#started(log);
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

  async #started(log: string): Promise<void> {
    for (let waitedMs = 0; waitedMs < START_TIMEOUT_MS; waitedMs += 50) {
      const text = await readFile(log, 'utf8').catch(() => '');
      if (text.includes(STARTED)) return;
      if (this.#child?.exitCode != null) break;
      await sleep(50);
    }
    const text = await readFile(log, 'utf8').catch(() => 'it has written nothing');
    await this.stop();
    throw new Error(`ganesha did not start: ${text.slice(-2000)}`);
  }
}
