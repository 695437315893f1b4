import type { CountColumns } from '../counted-work.js';
import type { Gate, ResourceCounters } from '../gate.js';
import { countsIn } from './memory.js';

type Writable = { -readonly [Key in keyof ResourceCounters]: ResourceCounters[Key] };

/** What one worker counted, found by the main thread's index of each resource: each thread has an order of its own. */
export class WorkerCounts {
  readonly #counts: CountColumns;
  /** By the main thread's index: one more than the worker's; 0: it has none. */
  #places = new Uint32Array(64);

  constructor(memory: SharedArrayBuffer) {
    this.#counts = countsIn(memory);
  }

  /** The worker's `place` is of the resource `at`. */
  name(at: number, place: number): void {
    if (at >= this.#places.length) {
      const grown = new Uint32Array(Math.max(2 * this.#places.length, at + 1));
      grown.set(this.#places);
      this.#places = grown;
    }
    this.#places[at] = place + 1;
  }

  /** To the counters of all resources from that one on. */
  addTo(counters: Writable[], from: number): void {
    const { hits, bytes, serviceMs, inFlight } = this.#counts;
    for (const [index, counter] of counters.entries()) {
      const place = this.#places[from + index] ?? 0;
      if (place === 0) continue;
      counter.hits += hits[place - 1] ?? 0;
      counter.bytes += bytes[place - 1] ?? 0;
      counter.serviceMs += serviceMs[place - 1] ?? 0;
      counter.inFlight += inFlight[place - 1] ?? 0;
    }
  }

  /** Work that has entered and not left. */
  get inFlight(): number {
    return this.#counts.inFlight.reduce((sum, count) => sum + count, 0);
  }

  /** The worker is no more: what it counted goes on counting. What was under way is not any more, and was no hit. */
  bequeath(gate: Pick<Gate, 'inherit'>): void {
    const { hits, bytes, serviceMs } = this.#counts;
    for (const [at, place] of this.#places.entries()) {
      if (place === 0) continue;
      gate.inherit(at, {
        hits: hits[place - 1] ?? 0,
        bytes: bytes[place - 1] ?? 0,
        serviceMs: serviceMs[place - 1] ?? 0,
      });
    }
  }
}
