import type { OtherFronts } from '../adapters/fronts.js';
import type { CountColumns } from '../counted-work.js';
import type { HeldBeside } from '../held-work.js';
import type { Protocol, TrafficBeside } from '../traffic.js';
import { PROTOCOLS } from '../traffic.js';

/*
 * What the threads of a redirector have in common: each counts in rows of its own, which the others read. So nothing is locked,
 * and what a thread counted is there when it is not any more.
 */

/** Bytes for one resource. */
const COUNTS_BYTES = 3 * 8 + 4;

/** For the counts of one thread. */
export function countsMemory(resourcesMax: number): SharedArrayBuffer {
  return new SharedArrayBuffer(resourcesMax * COUNTS_BYTES);
}

export function countsIn(memory: SharedArrayBuffer): CountColumns {
  const resources = memory.byteLength / COUNTS_BYTES;
  const numbers = (place: number): Float64Array =>
    new Float64Array(memory, place * 8 * resources, resources);
  return {
    hits: numbers(0),
    bytes: numbers(1),
    serviceMs: numbers(2),
    inFlight: new Int32Array(memory, 3 * 8 * resources, resources),
  };
}

/** A client's IP has a cell in each row, which it may have in common with others: the least of its cells is not less than its own. */
const ROWS = 2;
const CELLS = 4096;
/** All connections, then those of clients. */
const OF_PROTOCOL = 1 + ROWS * CELLS;
/** Requests and bytes that are held. */
const HELD = 2;

/** What all threads count against limits that they share. A limit may be passed by one a thread, where they come in one moment. */
export class SharedLimits {
  readonly #held: Float64Array;
  readonly #connections: Int32Array;
  readonly #threads: number;

  static memory(threads: number): SharedArrayBuffer {
    return new SharedArrayBuffer(threads * (HELD * 8 + PROTOCOLS.length * OF_PROTOCOL * 4));
  }

  constructor(memory: SharedArrayBuffer, threads: number) {
    this.#threads = threads;
    this.#held = new Float64Array(memory, 0, threads * HELD);
    this.#connections = new Int32Array(memory, threads * HELD * 8);
  }

  /** As one thread sees it. */
  of(thread: number): Omit<TrafficBeside, 'counts'> {
    return {
      held: this.#heldBeside(thread),
      frontsOf: (protocol) => this.#othersOf(thread, protocol),
    };
  }

  /** Of one thread, of all protocols. */
  connections(thread: number): number {
    return PROTOCOLS.reduce((sum, each) => sum + this.#at(this.#base(thread, each)), 0);
  }

  heldRequests(thread: number): number {
    return this.#held[thread * HELD] ?? 0;
  }

  /** The thread is no more, and nothing of what it had. */
  clear(thread: number): void {
    this.#held.fill(0, thread * HELD, (thread + 1) * HELD);
    const from = thread * PROTOCOLS.length * OF_PROTOCOL;
    this.#connections.fill(0, from, from + PROTOCOLS.length * OF_PROTOCOL);
  }

  #heldBeside(thread: number): HeldBeside {
    const held = this.#held;
    const others = (place: number): number => {
      let sum = 0;
      for (let at = place; at < held.length; at += HELD) sum += held[at] ?? 0;
      return sum - (held[thread * HELD + place] ?? 0);
    };
    return {
      get requests() {
        return others(0);
      },
      get bytes() {
        return others(1);
      },
      tell: (requests, bytes) => {
        held[thread * HELD] = requests;
        held[thread * HELD + 1] = bytes;
      },
    };
  }

  #othersOf(thread: number, protocol: Protocol): OtherFronts {
    const own = this.#base(thread, protocol);
    const others = (cell: number): number => this.#sumOf(protocol, cell) - this.#at(own + cell);
    const add = (cell: number, count: number): void => {
      this.#connections[own + cell] = this.#at(own + cell) + count;
    };
    const change = (ip: string, count: number): void => {
      add(0, count);
      for (let row = 0; row < ROWS; row++) add(cellOf(ip, row), count);
    };
    return {
      get connections() {
        return others(0);
      },
      ofClient: (ip) => {
        let least = Infinity;
        for (let row = 0; row < ROWS; row++) least = Math.min(least, others(cellOf(ip, row)));
        return least;
      },
      came: (ip) => {
        change(ip, 1);
      },
      went: (ip) => {
        change(ip, -1);
      },
    };
  }

  #sumOf(protocol: Protocol, cell: number): number {
    let sum = 0;
    for (let thread = 0; thread < this.#threads; thread++) {
      sum += this.#at(this.#base(thread, protocol) + cell);
    }
    return sum;
  }

  #base(thread: number, protocol: Protocol): number {
    return (thread * PROTOCOLS.length + PROTOCOLS.indexOf(protocol)) * OF_PROTOCOL;
  }

  #at(index: number): number {
    return this.#connections[index] ?? 0;
  }
}

/** Of one row (a count-min sketch, Cormode and Muthukrishnan 2005; FNV-1a, begun differently in each row). */
function cellOf(ip: string, row: number): number {
  let hash = (0x811c9dc5 ^ (row * 0x9e3779b9)) >>> 0;
  for (let at = 0; at < ip.length; at++) {
    hash = Math.imul(hash ^ ip.charCodeAt(at), 0x01000193) >>> 0;
  }
  // The low bits alone would be the same function of the last characters in both rows.
  return 1 + row * CELLS + (((hash ^ (hash >>> 15)) >>> 0) % CELLS);
}
