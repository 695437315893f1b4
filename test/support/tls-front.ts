import type { Server } from 'node:https';
import { request } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Certificate } from '../../core/net/tls/server-tls.js';

/** TLS in front of something that speaks plain HTTP on this machine. */
export class TlsFront {
  /** Requests that came through the handshake. */
  readonly heard: string[] = [];
  readonly #server: Server;

  private constructor(target: string, { chain, key }: Certificate) {
    this.#server = createServer({ cert: chain, key }, (from, to) => {
      this.heard.push(`${from.method ?? ''} ${from.url ?? ''}`);
      const { method, headers } = from;
      const passed = request(new URL(from.url ?? '/', target), { method, headers }, (answer) => {
        to.writeHead(answer.statusCode ?? 500, answer.headers);
        answer.pipe(to);
      });
      passed.on('error', () => to.destroy());
      from.pipe(passed);
    });
  }

  /** @param target `http://127.0.0.1:8086` */
  static async start(target: string, certificate: Certificate): Promise<TlsFront> {
    const front = new TlsFront(target, certificate);
    await new Promise<void>((resolve) => front.#server.listen(0, '127.0.0.1', resolve));
    return front;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
