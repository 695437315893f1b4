import { createInterface } from 'node:readline/promises';
import { EXIT } from './exit.js';
import { ProcessScreen } from './process-screen.js';
import type { Screen } from './screen.js';
import type { Style, Terminal } from './terminal.js';
import { printable, styleOf, wantsColour } from './terminal.js';

/** The terminal of this process. */
export class ProcessTerminal implements Terminal {
  readonly style: Style;
  readonly #isStyled: boolean;
  #hasProgress = false;

  constructor({ isColourless = false } = {}) {
    const isTerminal = process.stdout.isTTY && !isColourless;
    this.#isStyled = wantsColour(process.env, isTerminal);
    this.style = styleOf(this.#isStyled);
    process.stdout.on('error', endIfUnread);
  }

  get isInteractive(): boolean {
    return process.stdin.isTTY && process.stdout.isTTY;
  }

  get columns(): number {
    return process.stdout.isTTY ? process.stdout.columns : 120;
  }

  print(text: string): void {
    this.#clearProgress();
    process.stdout.write(`${printable(text, this.#isStyled)}\n`);
  }

  say(text: string): void {
    this.#clearProgress();
    process.stderr.write(`${printable(text, this.#isStyled)}\n`);
  }

  progress(text: string): void {
    if (!process.stderr.isTTY) return;
    this.#hasProgress = true;
    process.stderr.write(
      `\r${printable(text, this.#isStyled).slice(0, process.stderr.columns - 1)}\u001b[K`,
    );
  }

  async ask(question: string): Promise<string> {
    const lines = createInterface({ input: process.stdin, output: process.stderr });
    try {
      return await lines.question(question);
    } finally {
      lines.close();
    }
  }

  screen(): Screen | undefined {
    const { stdin, stdout } = process;
    if (!stdout.isTTY || process.env.TERM === 'dumb') return undefined;
    return new ProcessScreen(stdout, stdin, this.#isStyled);
  }

  #clearProgress(): void {
    if (!this.#hasProgress) return;
    this.#hasProgress = false;
    process.stderr.write('\r\u001b[K');
  }
}

/** Who read it has seen enough: `foreshift top --json | head -1`. */
function endIfUnread(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
  process.exit(EXIT.ok);
}
