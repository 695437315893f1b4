import type { AddressInfo, Server, Socket } from 'node:net';
import { connect, createServer } from 'node:net';
import type { Address } from '../../core/domain.js';

/**
 * What to send for a command: bytes as they are, nothing, or these bytes and then the end of the connection; or, before a real
 * Redis, the end of the connection once that has done it.
 */
export type Answer = string | undefined | { readonly thenClose: string } | typeof DONE_THEN_CLOSED;

/** Its bytes are the Redis' own, and are not passed on. */
export const DONE_THEN_CLOSED = Symbol('done, then closed');

const OK = '+OK\r\n';
const INFO =
  'redis_version:7.0.15\r\nloading:0\r\nrole:master\r\nrun_id:aa\r\nmaxmemory_policy:noeviction\r\naof_enabled:1\r\n';

/**
 * A server of Redis' protocol that says what a test wants. What is not answered by the test it answers well, or leaves to a real
 * Redis behind it.
 */
export class RespServer {
  /** By the test: what to say to a command; null where it does not care. */
  answer: (command: readonly string[]) => Answer | null = () => null;
  readonly heard: (readonly string[])[] = [];
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  /** What each connection asked last. */
  readonly #asked = new WeakMap<Socket, string>();
  readonly #before: Address | undefined;
  /** To the Redis behind, by who asks. */
  readonly #behind = new Map<Socket, Socket>();
  /** Whose next answer is the end. */
  readonly #doomed = new WeakSet<Socket>();

  private constructor(server: Server, before: Address | undefined) {
    this.#server = server;
    this.#before = before;
    server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
      socket.on('error', () => undefined);
      let left = Buffer.alloc(0);
      socket.on('data', (chunk: Buffer) => {
        left = Buffer.concat([left, chunk]);
        for (let next = commandOf(left); next !== undefined; next = commandOf(left)) {
          const bytes = left.subarray(0, next.end);
          left = left.subarray(next.end);
          this.#hear(socket, next.command, bytes);
        }
      });
    });
  }

  /** @param before a real Redis that answers what the test does not */
  static async start(before?: Address): Promise<RespServer> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new RespServer(server, before);
  }

  get at(): Address {
    return { host: '127.0.0.1', port: (this.#server.address() as AddressInfo).port };
  }

  /** To every connection whose last command was this one: an answer that comes late, a message to subscribers. */
  send(command: string, bytes: string): void {
    for (const socket of this.#sockets) {
      if (this.#asked.get(socket) === command.toUpperCase()) socket.write(bytes);
    }
  }

  /** What the Redis behind answers does not come until it goes on. */
  hold(): void {
    for (const behind of this.#behind.values()) behind.pause();
  }

  goOn(): void {
    for (const behind of this.#behind.values()) behind.resume();
  }

  /** Every connection, at once. */
  hangUp(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async stop(): Promise<void> {
    this.hangUp();
    await new Promise<void>((resolve) =>
      this.#server.close(() => {
        resolve();
      }),
    );
  }

  #hear(socket: Socket, command: readonly string[], bytes: Buffer): void {
    this.heard.push(command);
    this.#asked.set(socket, command[0]?.toUpperCase() ?? '');
    const answer = this.answer(command);
    if (answer === undefined) return;
    if (answer === DONE_THEN_CLOSED) this.#doomed.add(socket);
    if (answer === null || answer === DONE_THEN_CLOSED) this.#leave(socket, command, bytes);
    else if (typeof answer === 'string') socket.write(answer);
    else socket.end(answer.thenClose);
  }

  #leave(socket: Socket, command: readonly string[], bytes: Buffer): void {
    if (this.#before === undefined) socket.write(wellOf(command));
    else this.#behindOf(socket, this.#before).write(bytes);
  }

  #behindOf(socket: Socket, before: Address): Socket {
    const known = this.#behind.get(socket);
    if (known !== undefined) return known;
    const behind = connect(before.port, before.host);
    this.#behind.set(socket, behind);
    behind.on('error', () => undefined);
    behind.on('close', () => socket.destroy());
    socket.on('close', () => {
      this.#behind.delete(socket);
      behind.destroy();
    });
    behind.on('data', (chunk: Buffer) => {
      if (this.#doomed.has(socket)) socket.destroy();
      else socket.write(chunk);
    });
    return behind;
  }
}

/** A value in the protocol: text, whole numbers, null and lists of them. */
export type Value = string | number | null | readonly Value[];

export function encoded(value: Value): string {
  if (value === null) return '$-1\r\n';
  if (typeof value === 'number') return `:${value}\r\n`;
  if (typeof value === 'string') return `$${Buffer.byteLength(value)}\r\n${value}\r\n`;
  return `*${value.length}\r\n${value.map(encoded).join('')}`;
}

function wellOf([name = '', ...values]: readonly string[]): string {
  switch (name.toUpperCase()) {
    case 'INFO':
      return encoded(INFO);
    case 'SUBSCRIBE':
      return encoded(['subscribe', values[0] ?? '', 1]);
    case 'EVALSHA':
      return encoded(1);
    default:
      return OK;
  }
}

/** The command at the beginning; undefined: it is not all there. */
function commandOf(
  bytes: Buffer,
): { readonly command: string[]; readonly end: number } | undefined {
  let at = 0;
  const line = (): string | undefined => {
    const end = bytes.indexOf('\r\n', at);
    if (end === -1) return undefined;
    const text = bytes.toString('latin1', at, end);
    at = end + 2;
    return text;
  };
  const head = line();
  if (head === undefined) return undefined;
  const command: string[] = [];
  for (let part = 0; part < Number(head.slice(1)); part++) {
    const length = Number(line()?.slice(1) ?? NaN);
    if (Number.isNaN(length) || bytes.length < at + length + 2) return undefined;
    command.push(bytes.toString('utf8', at, at + length));
    at += length + 2;
  }
  return { command, end: at };
}
