import type { ChildProcess } from 'node:child_process';
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** A child process that speaks over Node's channel; `Said` is what it says. */
export class Child<Said> {
  readonly #process: ChildProcess;
  readonly #listeners = new Set<(said: Said) => void>();
  #exit: { readonly code: number | null } | undefined;

  /** @param module a name beside this file, without its extension, or where it is */
  constructor(module: string | URL, args: readonly string[]) {
    const at = module instanceof URL ? module : new URL(`./${module}.js`, import.meta.url);
    this.#process = fork(fileURLToPath(at), args, {
      // Ctrl-C is for the demo; they end with it, since their channel is closed then.
      detached: true,
      serialization: 'advanced',
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    this.#process.on('message', (said) => {
      for (const listener of this.#listeners) listener(said as Said);
    });
    this.#process.once('exit', (code) => {
      this.#exit = { code };
    });
  }

  get pid(): number {
    return this.#process.pid ?? 0;
  }

  tell(message: unknown): void {
    this.#process.send(message as Parameters<ChildProcess['send']>[0]);
  }

  /** The first thing it says that fits. @throws if it ends before */
  hear<Wanted extends Said>(fits: (said: Said) => said is Wanted): Promise<Wanted> {
    return new Promise((resolve, reject) => {
      const listener = (said: Said): void => {
        if (!fits(said)) return;
        this.#listeners.delete(listener);
        resolve(said);
      };
      this.#listeners.add(listener);
      this.#process.once('exit', (code) => {
        reject(new Error(`a child process ended with ${code ?? 'a signal'}`));
      });
    });
  }

  /** Lets it end by itself: its channel is closed. Resolves when it has. */
  async end(): Promise<void> {
    if (this.#exit !== undefined) return;
    const ended = new Promise<void>((resolve) => {
      this.#process.once('exit', () => {
        resolve();
      });
    });
    if (this.#process.connected) this.#process.disconnect();
    await ended;
  }

  signal(name: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): void {
    this.#process.kill(name);
  }

  kill(): void {
    this.signal('SIGKILL');
  }
}
