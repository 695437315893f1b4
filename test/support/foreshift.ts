import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { productFolder } from '../../cli/product.js';
import { pause } from './paused.js';

/* The command line as a process of its own, for tests that start, kill and ask it. */

export interface Ran {
  readonly exit: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const MAIN = `${productFolder}dist/cli/main.js`;

interface RunOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
}

export function foreshift(args: readonly string[], options: RunOptions = {}): Promise<Ran> {
  return ran(MAIN, args, options);
}

/** `npm run bench -- NAME …` without the build. */
export function bench(args: readonly string[], options: RunOptions = {}): Promise<Ran> {
  return ran(`${productFolder}dist/bench/main.js`, args, options);
}

function ran(script: string, args: readonly string[], { cwd, env = {} }: RunOptions): Promise<Ran> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [script, ...args], {
      ...(cwd !== undefined && { cwd }),
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    child.once('close', (exit) => {
      resolve({ exit, stdout, stderr });
    });
  });
}

export interface Ready {
  readonly api: string;
  readonly proxy: readonly string[];
  readonly health: string;
  readonly agents: string;
}

/** One of its log. */
export interface LogLine {
  readonly msg: string;
  readonly changed?: readonly string[];
  readonly keys?: readonly string[];
  readonly remedy?: string;
  readonly err?: { readonly code: string; readonly message: string };
}

/** A running `foreshift up --json`, or one service of it. */
export class RunningUp {
  readonly ready: Ready;
  readonly #child: ChildProcess;
  readonly #ended: Promise<number | null>;
  readonly #said: () => string;

  private constructor(
    child: ChildProcess,
    { ready, ended, said }: { ready: Ready; ended: Promise<number | null>; said: () => string },
  ) {
    this.#child = child;
    this.ready = ready;
    this.#ended = ended;
    this.#said = said;
  }

  /** What it logged, line by line. */
  get log(): LogLine[] {
    const lines = this.#said().split('\n');
    return lines.slice(0, -1).flatMap((line) => {
      return line.startsWith('{') ? [JSON.parse(line) as LogLine] : [];
    });
  }

  get pid(): number {
    return this.#child.pid ?? NaN;
  }

  /** As `systemctl reload` does. */
  hangUp(): void {
    this.#child.kill('SIGHUP');
  }

  /**
   * Resolves when it serves. @throws if it ends before, with what it said
   * @param within a command that runs it: `ip netns exec NAME`
   */
  static start(
    cwd: string,
    env: Readonly<Record<string, string>> = {},
    args: readonly string[] = ['up'],
    within: readonly string[] = [],
  ): Promise<RunningUp> {
    const [program, ...before] = [...within, process.execPath] as const;
    const child = spawn(program, [...before, MAIN, ...args, '--json'], {
      cwd,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
    return new Promise((resolve, reject) => {
      let said = '';
      let out = '';
      child.stderr.on('data', (chunk: Buffer) => (said = (said + chunk.toString()).slice(-20_000)));
      child.stdout.on('data', (chunk: Buffer) => {
        out += chunk.toString();
        if (!out.includes('\n')) return;
        const { ready } = JSON.parse(out) as { ready?: Ready };
        // Else it says why it ends.
        if (ready === undefined) reject(new Error(`${args.join(' ')}: ${out}`));
        else resolve(new RunningUp(child, { ready, ended, said: () => said }));
      });
      void ended.then((exit) => {
        reject(new Error(`${args.join(' ')} ended with ${exit ?? 'a signal'}: ${said}`));
      });
    });
  }

  /** It keeps its connections, and does nothing until it goes on. */
  pause(): void {
    pause(this.#child);
  }

  goOn(): void {
    this.#child.kill('SIGCONT');
  }

  /** As kill -9 does; resolves when it is gone. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#ended;
  }

  async stop(): Promise<number | null> {
    this.#child.kill('SIGTERM');
    return this.#ended;
  }
}
