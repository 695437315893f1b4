import type { ReadStream, WriteStream } from 'node:tty';
import { emitKeypressEvents } from 'node:readline';
import type { Screen } from './screen.js';
import { printable } from './terminal.js';
import { cutTo } from './text-table.js';

const ESCAPE = '\u001b[';
/** Another page, so that what stood there comes back; no cursor. */
const ENTER = `${ESCAPE}?1049h${ESCAPE}?25l`;
const LEAVE = `${ESCAPE}?25h${ESCAPE}?1049l`;
const TO_TOP = `${ESCAPE}H`;
const CLEAR_LINE = `${ESCAPE}K`;
const CLEAR_BELOW = `${ESCAPE}J`;
const ENDS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** A key as node:readline tells it. */
interface Key {
  readonly name?: string;
  readonly sequence?: string;
  readonly ctrl?: boolean;
}

/** The terminal of this process, until it is closed or the process ends, however that comes. */
export class ProcessScreen implements Screen {
  readonly #output: WriteStream;
  readonly #input: ReadStream;
  readonly #isStyled: boolean;
  readonly #handlers: ((key: string) => void)[] = [];
  readonly #resized: (() => void)[] = [];
  #isClosed = false;

  /** @param input keys come from it, if it is a terminal @param isStyled colours are wanted */
  constructor(output: WriteStream, input: ReadStream, isStyled: boolean) {
    this.#isStyled = isStyled;
    this.#output = output;
    this.#input = input;
    output.write(ENTER);
    output.on('resize', this.#onResize);
    for (const signal of ENDS) process.on(signal, this.#onEnd);
    process.once('exit', this.#restore);
    if (!input.isTTY) return;
    emitKeypressEvents(input);
    input.setRawMode(true);
    input.on('keypress', this.#onKeypress);
    input.resume();
  }

  get columns(): number {
    return sizeOr(this.#output.columns, 80);
  }

  get rows(): number {
    return sizeOr(this.#output.rows, 24);
  }

  draw(lines: readonly string[]): void {
    if (this.#isClosed) return;
    const shown = lines
      .slice(0, this.rows)
      .map((line) => cutTo(printable(line, this.#isStyled), this.columns) + CLEAR_LINE);
    this.#output.write(TO_TOP + shown.join('\r\n') + CLEAR_BELOW);
  }

  onKey(handle: (key: string) => void): void {
    this.#handlers.push(handle);
  }

  onResize(handle: () => void): void {
    this.#resized.push(handle);
  }

  close(): void {
    process.removeListener('exit', this.#restore);
    this.#restore();
  }

  readonly #restore = (): void => {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#output.removeListener('resize', this.#onResize);
    for (const signal of ENDS) process.removeListener(signal, this.#onEnd);
    if (this.#input.isTTY) {
      this.#input.removeListener('keypress', this.#onKeypress);
      this.#input.setRawMode(false);
      this.#input.pause();
    }
    this.#output.write(LEAVE);
  };

  readonly #onEnd = (): void => {
    this.#pressed('quit');
  };

  readonly #onResize = (): void => {
    for (const handle of this.#resized) handle();
  };

  /** In raw mode Ctrl-C is a key, too. */
  readonly #onKeypress = (_text: string | undefined, { name, sequence, ctrl }: Key): void => {
    this.#pressed(ctrl === true && name === 'c' ? 'quit' : (name ?? sequence ?? ''));
  };

  #pressed(key: string): void {
    for (const handle of this.#handlers) handle(key);
  }
}

/** A terminal that nobody told its size says 0, or nothing. */
function sizeOr(size: number | undefined, otherwise: number): number {
  return size === undefined || size <= 0 ? otherwise : size;
}
