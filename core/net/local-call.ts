import { Socket } from 'node:net';
import type { Clock } from '../clock/port.js';
import { fail } from '../errors.js';
import { clip, messageOf } from '../text.js';

export interface LocalCallOptions {
  readonly timeoutMs: number;
  readonly answerBytesMax: number;
}

/** Node cuts what is longer off, and would connect to another. */
const PATH_BYTES_MAX = 107;

/**
 * One question to a program of this machine, at its Unix socket: it answers and closes.
 * @returns all that it said
 * @throws ERR_CALL_REFUSED – nothing listens there; ERR_CALL_FAILED – no connection: it was not told; ERR_CALL_AMBIGUOUS – no end of
 * its answer; ERR_CALL_OVERSIZED – more than it may say: both may have been carried out
 */
export function localCall(
  path: string,
  question: Uint8Array,
  clock: Clock,
  { timeoutMs, answerBytesMax }: LocalCallOptions,
): Promise<Buffer> {
  const url = `unix:${path}`;
  if (Buffer.byteLength(path) > PATH_BYTES_MAX) {
    const why = `its name has more than ${PATH_BYTES_MAX} bytes`;
    return Promise.resolve().then(() => fail('ERR_CALL_FAILED', { url: clip(url), why }));
  }
  return new Promise((resolve) => {
    const answer: Buffer[] = [];
    let answerBytes = 0;
    let isOpen = false;
    const socket = new Socket();
    // What `outcome` throws is what the caller gets.
    const settle = (outcome: () => Buffer): void => {
      cancel();
      socket.destroy();
      resolve(Promise.resolve().then(outcome));
    };
    const broken = (why: string, cause?: unknown): void => {
      const code = isOpen ? 'ERR_CALL_AMBIGUOUS' : 'ERR_CALL_FAILED';
      settle(() => fail(code, { url, why: clip(why) }, { cause }));
    };
    const cancel = clock.after(timeoutMs, () => {
      broken(`no end within ${timeoutMs} ms`);
    });
    socket.on('data', (bytes: Buffer) => {
      answerBytes += bytes.length;
      if (answerBytes <= answerBytesMax) answer.push(bytes);
      else settle(() => fail('ERR_CALL_OVERSIZED', { url, bytes: answerBytesMax }));
    });
    socket.once('end', () => {
      settle(() => Buffer.concat(answer));
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      const isAbsent = error.code === 'ENOENT' || error.code === 'ECONNREFUSED';
      if (!isOpen && isAbsent) settle(() => fail('ERR_CALL_REFUSED', { url }, { cause: error }));
      else broken(messageOf(error), error);
    });
    socket.connect({ path }, () => {
      isOpen = true;
      socket.write(question);
    });
  });
}
