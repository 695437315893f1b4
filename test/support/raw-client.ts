import { connect } from 'node:net';
import type { Socket } from 'node:net';
import type { Address } from '../../core/domain.js';

/** A client that sends bytes as it is told, and keeps all that comes back. */
export class RawClient {
  /** In Latin-1. */
  text = '';
  /** The other side has sent its FIN, or a reset. */
  hasEnded = false;
  readonly #socket: Socket;
  readonly #waiters = new Set<() => void>();

  constructor(to: Address) {
    this.#socket = connect({ ...to, noDelay: true, allowHalfOpen: true })
      .on('data', (bytes) => {
        this.text += bytes.toString('latin1');
        this.#look();
      })
      .on('end', () => {
        this.hasEnded = true;
        this.#socket.end();
        this.#look();
      })
      .on('error', () => undefined)
      .on('close', () => {
        this.hasEnded = true;
        this.#look();
      });
  }

  /** Each piece in a turn of its own; resolves when the last one is on its way, or nobody takes them any more. */
  async send(pieces: readonly Uint8Array[]): Promise<void> {
    for (const piece of pieces) {
      if (!this.#socket.writable) return;
      this.#socket.write(piece);
      if (pieces.length > 1) await new Promise(setImmediate);
    }
  }

  end(): void {
    if (this.#socket.writable) this.#socket.end();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  /** Resolves to whether it came true within the time. */
  async until(isMet: () => boolean, ms = 5000): Promise<boolean> {
    if (isMet()) return true;
    return new Promise((resolve) => {
      const settle = (met: boolean): void => {
        clearTimeout(timer);
        this.#waiters.delete(look);
        resolve(met);
      };
      const look = (): void => {
        if (isMet() || this.hasEnded) settle(isMet());
      };
      const timer = setTimeout(() => {
        settle(isMet());
      }, ms);
      this.#waiters.add(look);
      look();
    });
  }

  #look(): void {
    for (const look of [...this.#waiters]) look();
  }
}

export interface RawAnswer {
  readonly status: number;
  readonly head: string;
  readonly body: string;
}

/** The whole final answers in it, to requests of these methods in their order. Lengths only: what is chunked ends it. */
export function answersIn(text: string, methods: readonly string[] = []): RawAnswer[] {
  const answers: RawAnswer[] = [];
  for (let at = 0; ;) {
    const end = text.indexOf('\r\n\r\n', at);
    if (end < 0) return answers;
    const head = text.slice(at, end);
    const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(head)?.[1]);
    if (Number.isNaN(status)) throw new Error(`no answer: ${JSON.stringify(head.slice(0, 200))}`);
    at = end + 4;
    if (status < 200) continue;
    const isBodyless = methods[answers.length] === 'HEAD' || status === 204 || status === 304;
    const length = isBodyless ? 0 : Number(/^content-length: (\d+)$/im.exec(head)?.[1] ?? 0);
    if (at + length > text.length) return answers;
    answers.push({ status, head, body: text.slice(at, at + length) });
    at += length;
  }
}
