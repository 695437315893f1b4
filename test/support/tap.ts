import type { Server, Socket } from 'node:net';
import { connect, createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import type { Address } from '../../core/domain.js';

/** Bytes of one connection, in one direction, as they came. */
export interface TappedBytes {
  /** Counted from 0, of the tap. */
  readonly connection: number;
  readonly isFromClient: boolean;
  readonly bytes: Buffer;
}

/** A relay on loopback that writes down all that goes through it. */
export class Tap {
  readonly to: Address;
  readonly seen: TappedBytes[] = [];
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #connections = 0;

  private constructor(to: Address) {
    this.to = to;
    this.#server = createServer({ allowHalfOpen: true }, (client) => {
      this.#relay(client);
    });
  }

  static async before(to: Address): Promise<Tap> {
    const tap = new Tap(to);
    await new Promise<void>((resolve) => tap.#server.listen(0, '127.0.0.1', resolve));
    return tap;
  }

  get at(): Address {
    return { host: '127.0.0.1', port: (this.#server.address() as AddressInfo).port };
  }

  /** Through it so far, both ways together. */
  get bytes(): number {
    return this.seen.reduce((sum, { bytes }) => sum + bytes.length, 0);
  }

  /** No connection goes through it. */
  get isIdle(): boolean {
    return this.#sockets.size === 0;
  }

  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #relay(client: Socket): void {
    const connection = this.#connections++;
    const server = connect({ ...this.to, allowHalfOpen: true });
    for (const [from, into] of [
      [client, server],
      [server, client],
    ] as const) {
      this.#sockets.add(from);
      from.on('data', (bytes: Buffer) => {
        this.seen.push({ connection, isFromClient: from === client, bytes: Buffer.from(bytes) });
        into.write(bytes);
      });
      from.on('end', () => into.end());
      from.on('error', () => undefined);
      from.on('close', () => {
        this.#sockets.delete(from);
        into.destroy();
      });
    }
  }
}
