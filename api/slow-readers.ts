import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { Server as TlsServer } from 'node:tls';
import type { Clock } from '../core/clock/port.js';
import { every } from '../core/every.js';

/** Looked at so many times within the time that they have. */
const LOOKS = 4;

/**
 * Ends connections whose clients do not take their answers: to ask for the page needs no login, and whoever asks and does not
 * read would keep a connection for ever. By the time in which all that waits is taken, not by progress: a byte now and then is
 * some. Who waits for an answer is left alone.
 */
export class SlowReaders {
  readonly #clock: Clock;
  readonly #answerTimeoutMs: number;
  /** Since when something waits for each; Infinity: nothing does. */
  readonly #waitingSinceMs = new Map<Socket, number>();
  readonly #stopping = new AbortController();

  constructor(clock: Clock, answerTimeoutMs: number) {
    this.#clock = clock;
    this.#answerTimeoutMs = answerTimeoutMs;
  }

  /** From the start of the server, until `stop`. */
  watch(server: Server): void {
    const opened = server instanceof TlsServer ? 'secureConnection' : 'connection';
    server.on(opened, (socket: Socket) => {
      this.#waitingSinceMs.set(socket, Infinity);
      socket.once('close', () => this.#waitingSinceMs.delete(socket));
    });
    const timing = { everyMs: this.#answerTimeoutMs / LOOKS, signal: this.#stopping.signal };
    void every(this.#clock, timing, () => {
      this.#look();
    });
  }

  stop(): void {
    this.#stopping.abort(new Error('the API stops'));
  }

  #look(): void {
    const nowMs = this.#clock.monotonicMs();
    for (const [socket, sinceMs] of this.#waitingSinceMs) {
      const waitsSinceMs = socket.writableLength === 0 ? Infinity : Math.min(sinceMs, nowMs);
      if (nowMs - waitsSinceMs >= this.#answerTimeoutMs) socket.destroy();
      else this.#waitingSinceMs.set(socket, waitsSinceMs);
    }
  }
}
