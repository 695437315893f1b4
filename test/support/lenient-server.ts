import type { Server, Socket } from 'node:net';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import type { Address } from '../../core/domain.js';
import { okTo } from './recording-server.js';

export interface LenientRequest {
  readonly method: string;
  readonly target: string;
  readonly host: string;
  readonly body: string;
}

/**
 * A server behind somebody else's proxy: trusts its framing, answers everything 200, and writes down what the proxy understood.
 */
export class LenientServer {
  readonly address: Address;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #requests: LenientRequest[] = [];

  private constructor(server: Server) {
    const { port } = server.address() as AddressInfo;
    this.address = { host: '127.0.0.1', port };
    this.#server = server;
    server.on('connection', (socket) => {
      this.#serve(socket);
    });
  }

  static async start(): Promise<LenientServer> {
    const server = createServer({ noDelay: true });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new LenientServer(server);
  }

  /** Since the last time this was asked. */
  taken(): readonly LenientRequest[] {
    const taken = this.#requests;
    this.#requests = [];
    return taken;
  }

  dispose(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    return new Promise((resolve) =>
      this.#server.close(() => {
        resolve();
      }),
    );
  }

  #serve(socket: Socket): void {
    let text = '';
    this.#sockets.add(socket);
    socket
      .on('data', (bytes) => {
        text += bytes.toString('latin1');
        for (;;) {
          const read = requestIn(text);
          if (read === undefined) return;
          text = text.slice(read.end);
          this.#requests.push(read.request);
          socket.write(okTo(read.request.method));
        }
      })
      .on('error', () => undefined)
      .on('close', () => this.#sockets.delete(socket));
  }
}

function requestIn(
  text: string,
): { readonly request: LenientRequest; readonly end: number } | undefined {
  const headEnd = text.indexOf('\r\n\r\n');
  if (headEnd < 0) return undefined;
  const head = text.slice(0, headEnd);
  const [method = '', target = ''] = head.split(' ');
  const host = /^host: *(.*)$/im.exec(head)?.[1] ?? '';
  const start = headEnd + 4;
  if (/^transfer-encoding: *chunked$/im.test(head)) {
    const body = chunksIn(text, start);
    return body && { request: { method, target, host, body: body.text }, end: body.end };
  }
  const end = start + Number(/^content-length: *(\d+)$/im.exec(head)?.[1] ?? 0);
  if (text.length < end) return undefined;
  return { request: { method, target, host, body: text.slice(start, end) }, end };
}

/** A chunked body that begins there; undefined while it is not whole. */
export function chunksIn(
  text: string,
  start: number,
): { readonly text: string; readonly end: number } | undefined {
  let body = '';
  for (let at = start; ;) {
    const lineEnd = text.indexOf('\r\n', at);
    if (lineEnd < 0) return undefined;
    const size = parseInt(text.slice(at, lineEnd), 16);
    at = lineEnd + 2;
    if (size === 0) {
      // The line's end before it belongs to the empty line, if there are no trailers.
      const end = text.indexOf('\r\n\r\n', at - 2);
      return end < 0 ? undefined : { text: body, end: end + 4 };
    }
    if (text.length < at + size + 2) return undefined;
    body += text.slice(at, at + size);
    at += size + 2;
  }
}
