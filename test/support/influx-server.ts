import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

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

  /** It accepts connections and answers nothing, until `go`. */
  pause(): void {
    this.#running.child.kill('SIGSTOP');
  }

  go(): void {
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

/** What takes part in it is off that no test needs: reports to its makers, its own metrics, logs of requests. */
function configOf(folder: string, port: number, isGuarded: boolean): string {
  return `
bind-address = "127.0.0.1:0"
reporting-disabled = true
[meta]
  dir = "${folder}/meta"
[data]
  dir = "${folder}/data"
  wal-dir = "${folder}/wal"
  query-log-enabled = false
[monitor]
  store-enabled = false
[continuous_queries]
  enabled = false
[http]
  bind-address = "127.0.0.1:${port}"
  auth-enabled = ${isGuarded}
  log-enabled = false
`;
}

async function run(
  folder: string,
  { port, isGuarded }: Pick<Running, 'port' | 'isGuarded'>,
): Promise<Running> {
  const config = join(folder, 'influxdb.conf');
  await writeFile(config, configOf(folder, port, isGuarded));
  const child = spawn(InfluxServer.program, ['run', '-config', config], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  return new Promise((resolve, reject) => {
    const said: string[] = [];
    child.once('error', reject);
    child.once('exit', (code) => {
      reject(new Error(`influxd ended with ${code ?? 'a signal'}: ${said.slice(-5).join('\n')}`));
    });
    createInterface(child.stderr).on('line', (line) => {
      said.push(line);
      if (said.length > 100) said.shift();
      const listening = /Listening on HTTP.*addr=127\.0\.0\.1:([0-9]+)/.exec(line)?.[1];
      if (listening !== undefined) resolve({ child, port: Number(listening), isGuarded });
    });
  });
}
