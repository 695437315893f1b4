import { createInterface } from 'node:readline/promises';
import type { Style, Terminal } from './terminal.js';
import { styleOf, wantsColour } from './terminal.js';

/** The terminal of this process. */
export class ProcessTerminal implements Terminal {
  readonly style: Style;
  #hasProgress = false;

  constructor({ isColourless = false } = {}) {
    const isTerminal = process.stdout.isTTY && !isColourless;
    this.style = styleOf(wantsColour(process.env, isTerminal));
  }

  get isInteractive(): boolean {
    return process.stdin.isTTY && process.stdout.isTTY;
  }

  get columns(): number {
    return process.stdout.isTTY ? process.stdout.columns : 120;
  }

  print(text: string): void {
    this.#clearProgress();
    process.stdout.write(`${text}\n`);
  }

  say(text: string): void {
    this.#clearProgress();
    process.stderr.write(`${text}\n`);
  }

  progress(text: string): void {
    if (!process.stderr.isTTY) return;
    this.#hasProgress = true;
    process.stderr.write(`\r${text.slice(0, process.stderr.columns - 1)}\u001b[K`);
  }

  async ask(question: string): Promise<string> {
    const lines = createInterface({ input: process.stdin, output: process.stderr });
    try {
      return await lines.question(question);
    } finally {
      lines.close();
    }
  }

  #clearProgress(): void {
    if (!this.#hasProgress) return;
    this.#hasProgress = false;
    process.stderr.write('\r\u001b[K');
  }
}
