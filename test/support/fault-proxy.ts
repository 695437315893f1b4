import type { AddressInfo, Server, Socket } from 'node:net';
import { connect, createServer } from 'node:net';
import type { Address } from '../../core/domain.js';
import type { Rng } from '../../core/rng.js';
import { between, integerBelow } from '../../core/rng.js';

/** What a link does to the bytes that pass from now on, in both directions. */
export interface LinkFaults {
  /** Each piece is late by this much, and by up to `jitterMs` more; their order is kept. */
  readonly latencyMs: number;
  readonly jitterMs: number;
  /** Of each direction of each connection; Infinity: no limit. */
  readonly bytesPerSecond: number;
  /** Bytes pass in pieces of 1 to this many; Infinity: as they come. */
  readonly sliceBytesMax: number;
  /** After so many bytes of one direction the connection is reset, and what it still carries is gone. */
  readonly resetAfterBytes: number;
  /** After so many bytes one direction ends in order, and the rest of it goes nowhere; the other goes on. */
  readonly endAfterBytes: number;
  /** Connections are taken, and nothing passes until this ends: then what was sent meanwhile does. */
  readonly isBlackHole: boolean;
}

const NO_FAULTS: LinkFaults = {
  latencyMs: 0,
  jitterMs: 0,
  bytesPerSecond: Infinity,
  sliceBytesMax: Infinity,
  resetAfterBytes: Infinity,
  endAfterBytes: Infinity,
  isBlackHole: false,
};

/** Bytes on their way in one direction; more are left with their sender. */
const CARRIED_BYTES_MAX = 1 << 20;
/** Between the last bytes and a reset. */
const BEFORE_RESET_MS = 10;

/** A TCP link between two parts of a test, with faults that a seed decides on. */
export class FaultProxy {
  readonly #server: Server;
  readonly #to: () => Address;
  readonly #rng: Rng;
  readonly #links = new Set<Link>();
  #faults = NO_FAULTS;

  private constructor(server: Server, to: () => Address, rng: Rng) {
    this.#server = server;
    this.#to = to;
    this.#rng = rng;
    server.on('connection', (near) => {
      this.#carry(near);
    });
  }

  /** @param to where its connections go; asked for at each */
  static async start(to: () => Address, rng: Rng): Promise<FaultProxy> {
    const server = createServer({ allowHalfOpen: true, pauseOnConnect: true, noDelay: true });
    const proxy = new FaultProxy(server, to, rng);
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(0, '127.0.0.1', resolve);
    });
    return proxy;
  }

  get at(): Address {
    const { port } = this.#server.address() as AddressInfo;
    return { host: '127.0.0.1', port };
  }

  get connections(): number {
    return this.#links.size;
  }

  /** These faults and no others. */
  set(faults: Partial<LinkFaults>): void {
    this.#faults = { ...NO_FAULTS, ...faults };
    for (const link of this.#links) link.look();
  }

  /** Both sides of every connection learn that it is gone. */
  reset(): void {
    for (const link of this.#links) link.reset();
  }

  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.reset();
    await closed;
  }

  #carry(near: Socket): void {
    const { host, port } = this.#to();
    const far = connect({ host, port, allowHalfOpen: true, noDelay: true });
    const link = new Link(near, far, { faults: () => this.#faults, rng: this.#rng });
    this.#links.add(link);
    near.once('close', () => this.#links.delete(link));
  }
}

interface LinkParts {
  readonly faults: () => LinkFaults;
  readonly rng: Rng;
}

/** One connection through the proxy: two directions that end together if either is broken. */
class Link {
  readonly #sockets: readonly [Socket, Socket];
  readonly #directions: readonly Direction[];

  constructor(near: Socket, far: Socket, parts: LinkParts) {
    this.#sockets = [near, far];
    const reset = (): void => {
      this.reset();
    };
    this.#directions = [
      new Direction(near, far, { ...parts, reset }),
      new Direction(far, near, { ...parts, reset }),
    ];
    for (const socket of this.#sockets) {
      socket.on('error', reset);
      socket.once('close', (hadError) => {
        if (hadError || !socket.writableFinished) reset();
      });
    }
    this.look();
  }

  look(): void {
    for (const direction of this.#directions) direction.look();
  }

  reset(): void {
    for (const direction of this.#directions) direction.drop();
    for (const socket of this.#sockets) {
      if (socket.destroyed) continue;
      // While a FIN is on its way Node would leave the descriptor open, and never end (its exit waits for all of them).
      if (socket.writableEnded && !socket.writableFinished) socket.destroy();
      else socket.resetAndDestroy();
    }
  }
}

interface Piece {
  /** Monotonic. */
  readonly dueAtMs: number;
  /** Empty: the end. */
  readonly bytes: Buffer;
}

class Direction {
  readonly #from: Socket;
  readonly #to: Socket;
  readonly #parts: LinkParts & { readonly reset: () => void };
  readonly #pieces: Piece[] = [];
  #carriedBytes = 0;
  #passedBytes = 0;
  #freeAtMs = 0;
  #timer: NodeJS.Timeout | undefined;
  #hasEnded = false;

  constructor(from: Socket, to: Socket, parts: LinkParts & { readonly reset: () => void }) {
    this.#from = from;
    this.#to = to;
    this.#parts = parts;
    from.on('data', (bytes: Buffer) => {
      this.#take(bytes);
    });
    from.once('end', () => {
      this.#put(Buffer.alloc(0));
      this.look();
    });
  }

  /** Goes on with what may go on now. */
  look(): void {
    clearTimeout(this.#timer);
    const isOpen = !this.#parts.faults().isBlackHole;
    if (isOpen && this.#carriedBytes < CARRIED_BYTES_MAX) this.#from.resume();
    else this.#from.pause();
    if (isOpen) this.#pass();
  }

  drop(): void {
    clearTimeout(this.#timer);
    this.#pieces.length = 0;
  }

  #take(bytes: Buffer): void {
    const { sliceBytesMax } = this.#parts.faults();
    for (const slice of slices(bytes, sliceBytesMax, this.#parts.rng)) this.#put(slice);
    this.look();
  }

  #put(bytes: Buffer): void {
    const { latencyMs, jitterMs, bytesPerSecond } = this.#parts.faults();
    const nowMs = performance.now();
    const lateMs = latencyMs + between(this.#parts.rng, 0, jitterMs);
    this.#freeAtMs =
      Math.max(this.#freeAtMs, nowMs + lateMs) + (1000 * bytes.length) / bytesPerSecond;
    this.#pieces.push({ dueAtMs: this.#freeAtMs, bytes });
    this.#carriedBytes += bytes.length;
  }

  #pass(): void {
    const nowMs = performance.now();
    for (let piece = this.#pieces[0]; piece !== undefined; piece = this.#pieces[0]) {
      if (piece.dueAtMs > nowMs) {
        this.#timer = setTimeout(() => {
          this.look();
        }, piece.dueAtMs - nowMs);
        return;
      }
      this.#pieces.shift();
      this.#carriedBytes -= piece.bytes.length;
      if (!this.#write(piece.bytes)) return;
    }
  }

  /** False: nothing more passes. */
  #write(bytes: Buffer): boolean {
    const { resetAfterBytes, endAfterBytes } = this.#parts.faults();
    if (bytes.length === 0) {
      this.#end();
      return true;
    }
    const left = Math.min(resetAfterBytes, endAfterBytes) - this.#passedBytes;
    const part = bytes.subarray(0, Math.max(0, left));
    this.#passedBytes += part.length;
    if (!this.#hasEnded && part.length > 0) this.#to.write(part);
    if (part.length === bytes.length) return true;
    if (resetAfterBytes <= endAfterBytes) {
      // A peer built on libuv takes a reset that comes together with bytes for an orderly end.
      setTimeout(this.#parts.reset, BEFORE_RESET_MS);
      return false;
    }
    this.#end();
    return true;
  }

  #end(): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#to.end();
  }
}

/** Cut into pieces of 1 to `bytesMax`; Infinity: whole. */
export function slices(bytes: Buffer, bytesMax: number, rng: Rng): Buffer[] {
  if (bytesMax === Infinity) return [bytes];
  const cut: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += cut.at(-1)?.length ?? 0) {
    cut.push(bytes.subarray(at, at + 1 + integerBelow(rng, bytesMax)));
  }
  return cut;
}
