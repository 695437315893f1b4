import type { ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startInflux } from '../../demo/engines.js';
import { pause } from './paused.js';

/**
 * A real influxd on loopback, with everything it keeps in a folder of its own. It listens where the system has room: for
 * clients, and for backups, which nobody here makes but which it insists on.
 */
export class InfluxServer {
  static readonly program = 'influxd';
  readonly #folder: string;
  #running: Running;

  private constructor(folder: string, running: Running) {
    this.#folder = folder;
    this.#running = running;
  }

  static async start({ isGuarded = false } = {}): Promise<InfluxServer> {
    const folder = await mkdtemp(join(tmpdir(), 'foreshift-influx-'));
    return new InfluxServer(folder, await run(folder, { port: 0, isGuarded }));
  }

  get url(): string {
    return `http://127.0.0.1:${this.#running.port}`;
  }

  get pid(): number {
    return this.#running.child.pid ?? NaN;
  }

  /** As kill -9 does; resolves when it is gone. */
  async kill(): Promise<void> {
    const { child } = this.#running;
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await ended;
  }

  /** It accepts connections and answers nothing, until `goOn`. */
  pause(): void {
    pause(this.#running.child);
  }

  goOn(): void {
    this.#running.child.kill('SIGCONT');
  }

  /** Once more where it was, with what it has on the disk. */
  async restart(): Promise<void> {
    await this.kill();
    this.#running = await run(this.#folder, this.#running);
  }

  /** Ends it, and removes what it kept. */
  async dispose(): Promise<void> {
    await this.kill();
    await rm(this.#folder, { recursive: true });
  }

  /** One statement of InfluxQL, as an administrator types it: the rows of its answer. */
  async ask(statement: string, database = ''): Promise<unknown[][]> {
    const query = new URLSearchParams({ q: statement, db: database, epoch: 'ms' });
    const answer = await fetch(`${this.url}/query`, { method: 'POST', body: query });
    const { results, error } = (await answer.json()) as {
      readonly error?: string;
      readonly results?: readonly {
        readonly error?: string;
        readonly series?: readonly { readonly values?: unknown[][] }[];
      }[];
    };
    const why = error ?? results?.[0]?.error;
    if (why !== undefined) throw new Error(`${statement}: ${why}`);
    return (results?.[0]?.series ?? []).flatMap(({ values = [] }) => values);
  }
}

interface Running {
  readonly child: ChildProcess;
  readonly port: number;
  readonly isGuarded: boolean;
}

async function run(
  folder: string,
  { port, isGuarded }: Pick<Running, 'port' | 'isGuarded'>,
): Promise<Running> {
  const started = await startInflux({ folder, port, isGuarded });
  return { child: started.child, port: started.port, isGuarded };
}
