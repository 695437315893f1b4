import type { Server, Socket } from 'node:net';
import { createServer } from 'node:net';
import type { Address } from '../../core/domain.js';
import { freePort } from '../../demo/free-port.js';
import type { StrictRequest } from './strict-requests.js';
import { StrictRequests } from './strict-requests.js';

/** The bytes to answer with, in pieces that each go on their way alone; `closes`: and then the server's FIN. */
export interface ScriptedAnswer {
  readonly pieces: readonly Uint8Array[];
  readonly closes?: boolean;
}

/**
 * A server that writes down every byte it is sent, reads it as strictly as can be, and answers whole requests as it is
 * told.
 */
export class RecordingServer {
  answer: (request: StrictRequest) => ScriptedAnswer = ({ method }) => ({ pieces: [okTo(method)] });
  readonly address: Address;
  readonly #server: Server;
  readonly #connections = new Map<Socket, StrictRequests>();
  #requests: StrictRequest[] = [];
  #violations: string[] = [];

  private constructor(server: Server, address: Address) {
    this.#server = server;
    this.address = address;
    server.on('connection', (socket) => {
      this.#serve(socket);
    });
  }

  static async start(): Promise<RecordingServer> {
    const server = createServer({ noDelay: true });
    const port = await freePort();
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    return new RecordingServer(server, { host: '127.0.0.1', port });
  }

  /** Some connection is in the middle of a request. */
  get isUnderWay(): boolean {
    return [...this.#connections.values()].some((requests) => requests.isUnderWay);
  }

  /** What came whole since the last time this was asked, and what was wrong with anything. */
  taken(): { readonly requests: readonly StrictRequest[]; readonly violations: readonly string[] } {
    const taken = { requests: this.#requests, violations: this.#violations };
    this.#requests = [];
    this.#violations = [];
    return taken;
  }

  dispose(): Promise<void> {
    for (const socket of this.#connections.keys()) socket.destroy();
    return new Promise((resolve) =>
      this.#server.close(() => {
        resolve();
      }),
    );
  }

  #serve(socket: Socket): void {
    const requests = new StrictRequests();
    this.#connections.set(socket, requests);
    socket
      .on('data', (bytes) => {
        for (const request of requests.push(bytes)) {
          this.#requests.push(request);
          send(socket, this.answer(request));
        }
        if (requests.violation !== undefined) {
          this.#violations.push(requests.violation);
          socket.destroy();
        }
      })
      .on('error', () => undefined)
      .on('close', () => this.#connections.delete(socket));
  }
}

export const OK = Buffer.from('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok', 'latin1');

/** HEAD takes no body. */
export function okTo(method: string): Uint8Array {
  return method === 'HEAD' ? OK.subarray(0, -2) : OK;
}

/** Each piece in a turn of the loop of its own. */
export function send(socket: Socket, { pieces, closes = false }: ScriptedAnswer): void {
  const [piece, ...rest] = pieces;
  if (piece === undefined) {
    if (closes) socket.end();
    return;
  }
  if (!socket.writable) return;
  socket.write(piece);
  if (rest.length === 0 && !closes) return;
  setImmediate(() => {
    send(socket, { pieces: rest, closes });
  });
}
