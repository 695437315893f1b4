import type { IncomingMessage } from 'node:http';
import { Agent, request } from 'node:http';
import type { Socket } from 'node:net';
import { connect } from 'node:net';
import type { Rng } from '../../core/rng.js';
import { integerBelow, pick } from '../../core/rng.js';

/** What became of one request, as its client saw it. */
export interface Asked {
  readonly id: string;
  readonly method: string;
  /** 0: no answer. */
  readonly status: number;
  /** Of an answer: what it says besides its filling. */
  readonly said: string;
  /** What `said` must be. */
  readonly expected: string;
  /** The client broke it off itself. */
  readonly isAborted: boolean;
  /** What the answer's `foreshift-executed` says; undefined: nothing. */
  readonly executed: string | undefined;
}

export const KINDS = ['keep-alive', 'close', 'chunked upload', 'slow reader', 'abort'] as const;
export type Kind = (typeof KINDS)[number];

const UPLOAD_PIECES = 4;
const SLOW_BYTES = 300_000;

/** Of `ID BYTES...`, without the filling. */
function saidOf(text: string): string {
  const end = text.indexOf('.');
  return end === -1 ? text : text.slice(0, end);
}

/** One request after the other on a connection that stays, half of them with a body: most of the load, so it costs little. */
export class SteadyClient {
  readonly #port: number;
  #socket: Socket | undefined;

  constructor(port: number) {
    this.#port = port;
  }

  ask(resource: string, id: string, method: 'GET' | 'POST'): Promise<Asked> {
    const socket = (this.#socket ??= connect({
      host: '127.0.0.1',
      port: this.#port,
      noDelay: true,
    }));
    const body = method === 'POST' ? 'b'.repeat(100) : '';
    const length = method === 'POST' ? `Content-Length: ${body.length}\r\n` : '';
    return new Promise((resolve) => {
      let text = '';
      const settle = (status: number, said: string): void => {
        socket.off('data', onData).off('close', onClose);
        const executed = /^foreshift-executed: (.*)\r$/im.exec(text)?.[1];
        const expected = `${id} ${body.length}`;
        resolve({ id, method, status, said, expected, isAborted: false, executed });
      };
      const onClose = (): void => {
        this.#socket = undefined;
        settle(0, text.slice(0, 100));
      };
      const onData = (bytes: Buffer): void => {
        text += bytes.toString('latin1');
        const head = text.indexOf('\r\n\r\n');
        if (head < 0) return;
        const bytesOf = Number(/^content-length: (\d+)\r$/im.exec(text)?.[1] ?? NaN);
        if (text.length < head + 4 + bytesOf) return;
        const status = Number(text.slice(9, 12));
        if (/^connection: close\r$/im.test(text)) {
          this.#socket = undefined;
          socket.destroy();
        }
        settle(status, text.slice(head + 4));
      };
      socket.on('data', onData).on('close', onClose);
      if (socket.listenerCount('error') === 0) socket.on('error', () => undefined);
      socket.write(`${method} /${resource}/${id} HTTP/1.1\r\nHost: t\r\n${length}\r\n${body}`);
    });
  }

  close(): void {
    this.#socket?.destroy();
  }
}

/** Requests of all the other kinds, by Node's own client. */
export class OddClient {
  readonly #port: number;
  readonly #rng: Rng;
  readonly #agent = new Agent({ keepAlive: true });

  constructor(port: number, rng: Rng) {
    this.#port = port;
    this.#rng = rng;
  }

  ask(resource: string, id: string, kind: Exclude<Kind, 'keep-alive'>): Promise<Asked> {
    const isUpload = kind === 'chunked upload';
    const more = kind === 'slow reader' ? SLOW_BYTES : 0;
    const method = isUpload ? 'POST' : pick(this.#rng, ['GET', 'PUT']);
    let bytes = 0;
    return new Promise((resolve) => {
      let isAborted = false;
      const settle = (status: number, said: string, executed?: string): void => {
        resolve({ id, method, status, said, expected: `${id} ${bytes}`, isAborted, executed });
      };
      const asked = request({
        ...{ host: '127.0.0.1', port: this.#port, method, path: `/${resource}/${id}/${more}` },
        agent: kind === 'close' ? false : this.#agent,
        ...(isUpload && { headers: { 'transfer-encoding': 'chunked' } }),
      });
      asked.on('error', () => {
        settle(0, '');
      });
      asked.on('response', (answer) => {
        void textOf(answer, kind === 'slow reader').then((text) => {
          const executed = answer.headers['foreshift-executed'];
          if (text === undefined) settle(0, '');
          else settle(answer.statusCode ?? 0, saidOf(text), String(executed ?? ''));
        });
      });
      if (kind === 'abort') {
        setTimeout(
          () => {
            isAborted = true;
            asked.destroy();
            settle(0, '');
          },
          integerBelow(this.#rng, 6),
        );
      }
      if (!isUpload) {
        asked.end();
        return;
      }
      let left = UPLOAD_PIECES;
      const upload = (): void => {
        if (asked.destroyed) return;
        const piece = Buffer.alloc(1 + integerBelow(this.#rng, 20_000), 'u');
        bytes += piece.length;
        asked.write(piece);
        left -= 1;
        if (left === 0) asked.end();
        else setTimeout(upload, integerBelow(this.#rng, 3));
      };
      upload();
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}

/** Undefined: it broke off. */
function textOf(answer: IncomingMessage, isSlow: boolean): Promise<string | undefined> {
  return new Promise((resolve) => {
    let text = '';
    answer.setEncoding('latin1');
    answer
      .on('data', (piece: string) => {
        // The filling need not be kept.
        if (text.length < 200) text += piece;
        if (!isSlow) return;
        answer.pause();
        setTimeout(() => {
          answer.resume();
        }, 2);
      })
      .on('end', () => {
        resolve(text);
      })
      .on('error', () => undefined)
      .on('close', () => {
        resolve(undefined);
      });
  });
}
