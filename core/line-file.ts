import { write } from 'node:fs';
import { appendFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import type { Cancel, Clock } from './clock/port.js';

export interface LineFileOptions {
  /** `-`: standard output; undefined: lines go nowhere. */
  readonly path: string | undefined;
  /** Of lines that wait; beyond they are dropped, and counted. */
  readonly bufferBytesMax: number;
}

/** Writes at the end of a file, made if there is none. */
export type Append = (path: string, bytes: Uint8Array) => Promise<void>;

const FLUSH_MS = 200;
/** So many lines become bytes together: those that wait as text are copied by the collector again and again. */
const BLOCK_LINES = 64;
const STANDARD_OUTPUT = 1;

/**
 * Lines on their way to a file, several at a time. Whoever writes one never waits and hears of no failure: what the file does not
 * take in time is dropped. The file is opened for each write, so it may be moved away at any time.
 */
export class LineFile {
  /** Lines, ever. */
  written = 0;
  dropped = 0;
  readonly #clock: Clock;
  readonly #append: Append;
  #options: LineFileOptions;
  #lines: string[] = [];
  /** Lines before those. */
  #blocks: Buffer[] = [];
  #blockLines = 0;
  /** Characters of those that wait or are being written: most are of one byte. */
  #waiting = 0;
  #cancelFlush: Cancel | undefined;
  #writing: Promise<void> | undefined;

  constructor(clock: Clock, options: LineFileOptions, append: Append = appendByNode) {
    this.#clock = clock;
    this.#options = options;
    this.#append = append;
  }

  get isOpen(): boolean {
    return this.#options.path !== undefined;
  }

  reconfigure(options: LineFileOptions): void {
    this.#options = options;
  }

  /** Without its end. */
  write(line: string): void {
    if (this.#waiting + line.length >= this.#options.bufferBytesMax) {
      this.dropped += 1;
      return;
    }
    this.#lines.push(line);
    this.#waiting += line.length + 1;
    if (this.#lines.length === BLOCK_LINES) this.#makeBlock();
    if (this.#writing !== undefined) return;
    this.#cancelFlush ??= this.#clock.after(FLUSH_MS, () => {
      void this.flush();
    });
  }

  /** Resolves when all lines so far are written, or dropped. */
  async flush(): Promise<void> {
    this.#cancelFlush?.();
    this.#cancelFlush = undefined;
    this.#writing ??= this.#writeAll().finally(() => {
      this.#writing = undefined;
    });
    await this.#writing;
  }

  async #writeAll(): Promise<void> {
    for (;;) {
      this.#makeBlock();
      const blocks = this.#blocks;
      const lines = this.#blockLines;
      if (lines === 0) return;
      const waiting = this.#waiting;
      this.#blocks = [];
      this.#blockLines = 0;
      const { path } = this.#options;
      const isWritten =
        path !== undefined &&
        (await this.#append(path, Buffer.concat(blocks)).then(
          () => true,
          // A full disk, a folder that is gone: whoever watches sees it by the count.
          () => false,
        ));
      this.#waiting -= waiting;
      if (isWritten) this.written += lines;
      else this.dropped += lines;
    }
  }

  #makeBlock(): void {
    if (this.#lines.length === 0) return;
    this.#blocks.push(Buffer.from(`${this.#lines.join('\n')}\n`));
    this.#blockLines += this.#lines.length;
    this.#lines = [];
  }
}

const writeTo = promisify(write);

async function appendByNode(path: string, bytes: Uint8Array): Promise<void> {
  if (path !== '-') {
    await appendFile(path, bytes, { mode: 0o640 });
    return;
  }
  for (let at = 0; at < bytes.length;) {
    at += (await writeTo(STANDARD_OUTPUT, bytes, at, bytes.length - at)).bytesWritten;
  }
}
