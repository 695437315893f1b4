import { write } from 'node:fs';
import { open } from 'node:fs/promises';
import { promisify } from 'node:util';
import type { Cancel, Clock } from './clock/port.js';

export interface LineFileOptions {
  /** `-`: standard output; undefined: lines go nowhere. */
  readonly path: string | undefined;
  /** Of lines that wait; beyond they are dropped, and counted. */
  readonly bufferBytesMax: number;
}

/** Writes at the end of a file, made if there is none; the bytes are the caller's again once it is done. */
export type Append = (path: string, pieces: readonly Uint8Array[]) => Promise<void>;

const FLUSH_MS = 200;
/** So many characters are written before that time is over. */
const FLUSH_CHARACTERS = 1 << 21;
/** So many lines become bytes together: those that wait as text are copied by the collector again and again. */
const TEXT_LINES = 64;
const TEXT_CHARACTERS = 1 << 15;
/** UTF-8 needs at most so many bytes for a character of a string. */
const CHARACTER_BYTES_MAX = 3;
const BLOCK_BYTES = 1 << 18;
/** Blocks that are kept for lines to come. */
const FREE_MAX = 10;
const STANDARD_OUTPUT = 1;

/** Bytes of whole lines, as many as are there. */
interface Block {
  readonly bytes: Buffer;
  length: number;
}

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
  /** Of those, with their ends. */
  #characters = 0;
  /** Lines before those. */
  #blocks: Block[] = [];
  #blockLines = 0;
  /** Made once: memory that is allocated for each block sets off the collector over the whole heap. */
  readonly #free: Buffer[] = [];
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
    this.#characters += line.length + 1;
    this.#waiting += line.length + 1;
    if (this.#lines.length === TEXT_LINES || this.#characters >= TEXT_CHARACTERS) this.#encode();
    if (this.#writing !== undefined) return;
    if (this.#waiting >= FLUSH_CHARACTERS) void this.flush();
    else
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
      this.#encode();
      const blocks = this.#blocks;
      const lines = this.#blockLines;
      if (lines === 0) return;
      const waiting = this.#waiting;
      this.#blocks = [];
      this.#blockLines = 0;
      const { path } = this.#options;
      const isWritten =
        path !== undefined &&
        (await this.#append(
          path,
          blocks.map(({ bytes, length }) => bytes.subarray(0, length)),
        ).then(
          () => true,
          // A full disk, a folder that is gone: whoever watches sees it by the count.
          () => false,
        ));
      for (const { bytes } of blocks) {
        if (bytes.length === BLOCK_BYTES && this.#free.length < FREE_MAX) this.#free.push(bytes);
      }
      this.#waiting -= waiting;
      if (isWritten) this.written += lines;
      else this.dropped += lines;
    }
  }

  /** Lines that wait become bytes. */
  #encode(): void {
    if (this.#lines.length === 0) return;
    const text = `${this.#lines.join('\n')}\n`;
    const room = CHARACTER_BYTES_MAX * text.length;
    let block = this.#blocks.at(-1);
    if (block === undefined || block.bytes.length - block.length < room) {
      block = { bytes: this.#bytesFor(room), length: 0 };
      this.#blocks.push(block);
    }
    block.length += block.bytes.write(text, block.length);
    this.#blockLines += this.#lines.length;
    this.#lines = [];
    this.#characters = 0;
  }

  #bytesFor(room: number): Buffer {
    if (room > BLOCK_BYTES) return Buffer.allocUnsafeSlow(room);
    return this.#free.pop() ?? Buffer.allocUnsafeSlow(BLOCK_BYTES);
  }
}

const writeTo = promisify(write);

async function appendByNode(path: string, pieces: readonly Uint8Array[]): Promise<void> {
  if (path === '-') {
    for (const bytes of pieces) await writeToStandardOutput(bytes);
    return;
  }
  const file = await open(path, 'a', 0o640);
  try {
    for (const bytes of pieces) await file.appendFile(bytes);
  } finally {
    await file.close();
  }
}

async function writeToStandardOutput(bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) {
    at += (await writeTo(STANDARD_OUTPUT, bytes, at, bytes.length - at)).bytesWritten;
  }
}
