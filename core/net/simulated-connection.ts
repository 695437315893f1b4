import type { Cancel } from '../clock/port.js';
import type { Address } from '../domain.js';
import { chance } from '../rng.js';
import { Block } from './block.js';
import type { BlocksOfMessages, CloseReason, Connection, ConnectionHandler } from './port.js';
import type { Link, PipeEnd, Signal, Weather } from './simulated-pipe.js';
import { Pipe } from './simulated-pipe.js';
import { UNHANDLED } from './unhandled.js';

export interface EndParts {
  readonly weather: Weather;
  readonly local: Address;
  readonly remote: Address;
  /** From here to there. */
  readonly link: Link;
  /** It no longer counts as its host's. */
  readonly gone: () => void;
}

/** What meets the first bytes at a host: someone who accepts, nobody, or not even a system that could say so. */
export type Door = ((connection: Connection) => void) | 'shut' | 'silent';

/** In place of what was lent, once the handler has returned, and of what lies in a block that nobody has. */
const SPOILT = 0xdb;

const BLOCKS: BlocksOfMessages = {
  take: (length) => new Block(length, ({ bytes }) => bytes.fill(SPOILT)),
  arrived: () => undefined,
};

/**
 * One end of a simulated connection.
 *
 *   opening → open → closed        (`vanished`: its host lost power, and nobody answers for it)
 */
export class SimulatedConnection implements Connection, PipeEnd {
  handler: ConnectionHandler = UNHANDLED;
  readonly messages = BLOCKS;
  readonly local: Address;
  readonly remote: Address;
  readonly #parts: EndParts;
  #out: Pipe | undefined;
  #in: Pipe | undefined;
  #place: 'opening' | 'open' | 'closed' | 'vanished' = 'opening';
  /** Of the end that is connected to. */
  #knock: (() => Door) | undefined;
  #cancelTimeout: Cancel | undefined;
  readonly #inbox: (Uint8Array | 'end')[] = [];
  #isPumping = false;
  #isPaused = false;
  #hasEnded = false;
  #isPeerEnded = false;

  constructor(parts: EndParts) {
    this.#parts = parts;
    this.local = parts.local;
    this.remote = parts.remote;
  }

  /** Two ends of one connection; `knock` is asked when the first bytes reach the second. */
  static join(client: SimulatedConnection, server: SimulatedConnection, knock: () => Door): void {
    const there = new Pipe(client.#parts.weather, client.#parts.link, server);
    const back = new Pipe(server.#parts.weather, server.#parts.link, client);
    client.#out = server.#in = there;
    client.#in = server.#out = back;
    server.#knock = knock;
    there.signal('open');
  }

  get buffered(): number {
    return this.#out?.buffered ?? 0;
  }

  write(bytes: Uint8Array): boolean {
    if (this.#isOver || this.#hasEnded || this.#out === undefined) return false;
    // They may be lent to the writer.
    return this.#out.write(Buffer.from(bytes));
  }

  cork(): void {
    // writes of one moment travel together anyway
  }

  uncork(): void {
    // as above
  }

  end(): void {
    if (this.#isOver || this.#hasEnded) return;
    this.#hasEnded = true;
    this.#out?.signal('end');
    if (this.#isPeerEnded) this.#closeSoon('ended');
  }

  destroy(): void {
    if (this.#isOver) return;
    this.#leave();
    this.#closeSoon('destroyed');
  }

  reset(): void {
    if (this.#isOver) return;
    this.#loseAll();
    this.#closeSoon('destroyed');
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    queueMicrotask(() => {
      this.#pump();
    });
  }

  /** Gives up opening after `ms`. */
  limitOpening(ms: number): void {
    this.#cancelTimeout = this.#parts.weather.clock.after(ms, () => {
      this.fail('timeout');
    });
  }

  /** Never opened, for this reason. */
  fail(reason: CloseReason): void {
    if (this.#place !== 'opening') return;
    this.#loseAll();
    this.#close(reason);
  }

  /** Its process died: nobody here hears of it any more; the peer hears from the system. */
  abandon(): void {
    this.handler = UNHANDLED;
    if (this.#isOver) return;
    this.#leave();
    this.#close('destroyed');
  }

  /** Its host lost power: the peer hears nothing, until the host is back and knows nothing of the connection. */
  vanish(): void {
    this.handler = UNHANDLED;
    if (this.#isOver) return;
    this.#cancelTimeout?.();
    this.#out?.clear();
    this.#place = 'vanished';
  }

  denyAfterPower(): void {
    if (this.#place !== 'vanished') return;
    this.#place = 'closed';
    this.#parts.gone();
    this.#out?.signal('reset');
  }

  deliver(signal: Signal, parts: readonly Uint8Array[]): void {
    if (this.#place === 'vanished') return;
    if (this.#place === 'closed') {
      // Bytes for a socket that is gone: the system of its host says so.
      if (signal === 'data') this.#out?.signal('reset');
      return;
    }
    switch (signal) {
      case 'open':
        this.#open();
        break;
      case 'data':
        this.#inbox.push(...parts);
        this.#pump();
        break;
      case 'end':
        this.#inbox.push('end');
        this.#pump();
        break;
      case 'credit':
        this.handler.drained();
        break;
      case 'reset':
        this.#close(this.#place === 'opening' ? 'refused' : 'reset');
        break;
    }
  }

  get #isOver(): boolean {
    return this.#place === 'closed' || this.#place === 'vanished';
  }

  #open(): void {
    this.#cancelTimeout?.();
    const door = this.#knock?.();
    if (door === 'silent') {
      this.#place = 'vanished';
    } else if (door === 'shut') {
      this.#loseAll();
      this.#close('reset');
    } else {
      this.#place = 'open';
      if (door === undefined) {
        this.handler.opened();
      } else {
        this.#out?.signal('open');
        door(this);
      }
    }
  }

  #pump(): void {
    if (this.#isPumping) return;
    this.#isPumping = true;
    while (!this.#isPaused && this.#place === 'open') {
      const next = this.#inbox.shift();
      if (next === undefined) break;
      if (next === 'end') this.#peerEnded();
      else this.#take(next);
    }
    this.#isPumping = false;
  }

  #take(bytes: Uint8Array): void {
    if (this.#in?.consumed(bytes.length) === true) this.#out?.signal('credit');
    for (let at = 0; at < bytes.length && this.#place === 'open';) {
      const { handler } = this;
      const into = handler.readsInto?.();
      const part = bytes.subarray(at, at + (into?.length ?? bytes.length));
      at += part.length;
      into?.set(part);
      handler.data(into?.subarray(0, part.length) ?? part);
      // Whoever keeps what was lent shall find out.
      if (handler.borrows === true) part.fill(SPOILT);
    }
  }

  #peerEnded(): void {
    this.#isPeerEnded = true;
    this.handler.ended();
    if (this.#hasEnded && this.#place === 'open') this.#closeSoon('ended');
  }

  /** As a system closes a socket of a process that is gone: in order, or, with bytes unread or on its way, not. */
  #leave(): void {
    const isOrderly = this.#inbox.length === 0 && chance(this.#parts.weather.rng, 0.5);
    if (this.#place === 'opening' || !isOrderly) this.#loseAll();
    else if (!this.#hasEnded) this.#out?.signal('end');
  }

  #loseAll(): void {
    this.#out?.clear();
    this.#out?.signal('reset');
  }

  /** The handler hears of it in a later turn. */
  #closeSoon(reason: CloseReason): void {
    this.#place = 'closed';
    queueMicrotask(() => {
      this.#close(reason);
    });
  }

  #close(reason: CloseReason): void {
    this.#place = 'closed';
    this.#cancelTimeout?.();
    this.#inbox.length = 0;
    this.#parts.gone();
    const { handler } = this;
    this.handler = UNHANDLED;
    handler.closed(reason);
  }
}
