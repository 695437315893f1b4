import { runProgram } from '../../cli/program.js';
import type { Screen } from '../../cli/screen.js';
import type { Terminal } from '../../cli/terminal.js';
import { styleOf } from '../../cli/terminal.js';
import { VERBS } from '../../cli/verbs/all.js';

/** A screen that somebody watches, without one: each picture is kept, keys are pressed by a test. */
export class FakeScreen implements Screen {
  columns = 120;
  rows = 24;
  isClosed = false;
  readonly pictures: (readonly string[])[] = [];
  readonly #keys: ((key: string) => void)[] = [];
  readonly #resized: (() => void)[] = [];

  get last(): string {
    return this.pictures.at(-1)?.join('\n') ?? '';
  }

  draw(lines: readonly string[]): void {
    this.pictures.push(lines);
  }

  onKey(handle: (key: string) => void): void {
    this.#keys.push(handle);
  }

  onResize(handle: () => void): void {
    this.#resized.push(handle);
  }

  close(): void {
    this.isClosed = true;
  }

  press(...keys: readonly string[]): void {
    for (const key of keys) for (const handle of this.#keys) handle(key);
  }

  resize(rows: number): void {
    this.rows = rows;
    for (const handle of this.#resized) handle();
  }
}

/** A terminal that writes down what is printed and said; nobody watches it, but for its screen if it has one. */
export class Recorder implements Terminal {
  readonly #screen: FakeScreen | undefined;
  readonly style = styleOf(false);
  readonly isInteractive = false;
  readonly columns = 80;
  readonly printed: string[] = [];
  readonly said: string[] = [];

  constructor(screen?: FakeScreen) {
    this.#screen = screen;
  }

  print(text: string): void {
    this.printed.push(text);
  }

  say(text: string): void {
    this.said.push(text);
  }

  progress(): void {
    // nobody watches
  }

  screen(): Screen | undefined {
    return this.#screen;
  }

  ask(): Promise<string> {
    return Promise.resolve('');
  }
}

export interface Recorded {
  readonly exit: number;
  readonly printed: string;
  readonly said: string;
}

/** The command line in this process. */
export function runRecorded(...args: readonly string[]): Promise<Recorded> {
  return runOn(undefined, ...args);
}

/** The same before somebody who watches. */
export async function runOn(
  screen: FakeScreen | undefined,
  ...args: readonly string[]
): Promise<Recorded> {
  const terminal = new Recorder(screen);
  const exit = await runProgram(args, {
    version: '1.2.3',
    verbs: VERBS,
    makeTerminal: () => terminal,
  });
  return { exit, printed: terminal.printed.join('\n'), said: terminal.said.join('\n') };
}
