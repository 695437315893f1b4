import type { Cancel, Clock } from '../core/clock/port.js';
import type { Waiting } from './hold-queue.js';
import { HoldQueue } from './hold-queue.js';

/** How much may wait. */
export interface HeldLimits {
  readonly heldPerResourceMax: number;
  readonly heldMax: number;
  readonly heldBytesMax: number;
}

export interface Held {
  readonly requests: number;
  readonly bytes: number;
  /** Requests of the resource that has the most. */
  readonly mostOfOne: number;
  /** Monotonic; Infinity if nothing waits. */
  readonly oldestAtMs: number;
}

/** What waits at other gates against the same limits of requests and bytes. */
export interface HeldBeside {
  readonly requests: number;
  readonly bytes: number;
  /** So much waits here now. */
  tell(requests: number, bytes: number): void;
}

const NOTHING_BESIDE: HeldBeside = { requests: 0, bytes: 0, tell: () => undefined };

export interface Ticket {
  /** The one who waits has gone. */
  cancel(): void;
}

/**
 * All work that waits at a gate, by resource, against the limits that they share; what waits for too long is given up. When
 * it goes on is for the gate to say.
 */
export class HeldWork {
  readonly #clock: Clock;
  readonly #beside: HeldBeside;
  /** In the order in which their turn comes. */
  readonly #queues = new Map<number, HoldQueue>();
  #requests = 0;
  #bytes = 0;
  #expiryAtMs = Infinity;
  #cancelExpiry: Cancel = () => undefined;

  constructor(clock: Clock, beside = NOTHING_BESIDE) {
    this.#clock = clock;
    this.#beside = beside;
  }

  get requests(): number {
    return this.#requests;
  }

  /** What waits now: against its limits. */
  held(): Held {
    let mostOfOne = 0;
    let oldestAtMs = Infinity;
    for (const queue of this.#queues.values()) {
      mostOfOne = Math.max(mostOfOne, queue.length);
      oldestAtMs = Math.min(oldestAtMs, queue.oldestAtMs);
    }
    return { requests: this.#requests, bytes: this.#bytes, mostOfOne, oldestAtMs };
  }

  /** What became of the work of one since it began to wait. */
  of(at: number): Pick<HoldQueue, 'firstAtMs' | 'held' | 'failed'> | undefined {
    return this.#queues.get(at);
  }

  /** Those that have a queue, empty or not; in the order in which their turn comes. */
  resources(): IterableIterator<number> {
    return this.#queues.keys();
  }

  /** Undefined: no more can wait. */
  park(
    at: number,
    { bytes, waitMs, run }: Pick<Waiting, 'bytes' | 'run'> & { readonly waitMs: number },
    { heldPerResourceMax, heldMax, heldBytesMax }: HeldLimits,
  ): Ticket | undefined {
    const nowMs = this.#clock.monotonicMs();
    let queue = this.#queues.get(at);
    if (queue === undefined) {
      queue = new HoldQueue(nowMs);
      this.#queues.set(at, queue);
    }
    if (
      queue.length >= heldPerResourceMax ||
      this.#requests + this.#beside.requests >= heldMax ||
      this.#bytes + this.#beside.bytes + bytes > heldBytesMax
    ) {
      queue.held += 1;
      queue.failed += 1;
      return undefined;
    }
    const deadlineMs = nowMs + waitMs;
    const waiting: Waiting = { bytes, sinceMs: nowMs, deadlineMs, run };
    queue.push(waiting);
    this.#requests += 1;
    this.#bytes += bytes;
    this.#beside.tell(this.#requests, this.#bytes);
    this.#expireAt(deadlineMs, nowMs);
    return {
      cancel: () => {
        if (queue.remove(waiting)) this.#forget(waiting);
      },
    };
  }

  /** False: nothing waits, and what became of it is forgotten. */
  isAny(at: number): boolean {
    const queue = this.#queues.get(at);
    if (queue === undefined) return false;
    if (queue.length === 0) this.#queues.delete(at);
    return queue.length > 0;
  }

  /** Its turn comes after all others. False: nothing waits, and what became of it is forgotten. */
  goLast(at: number): boolean {
    const queue = this.#queues.get(at);
    if (queue === undefined || !this.isAny(at)) return false;
    this.#queues.delete(at);
    this.#queues.set(at, queue);
    return true;
  }

  /** The first of those that wait, which waits no more. */
  take(at: number): Waiting | undefined {
    const waiting = this.#queues.get(at)?.shift();
    if (waiting !== undefined) this.#forget(waiting);
    return waiting;
  }

  #expire(): void {
    this.#expiryAtMs = Infinity;
    const nowMs = this.#clock.monotonicMs();
    let nextMs = Infinity;
    for (const queue of this.#queues.values()) {
      for (const waiting of queue.takeExpired(nowMs)) {
        queue.failed += 1;
        this.#forget(waiting);
        waiting.run('expired');
      }
      nextMs = Math.min(nextMs, queue.earliestDeadlineMs());
    }
    if (nextMs < Infinity) this.#expireAt(nextMs, nowMs);
  }

  #expireAt(deadlineMs: number, nowMs: number): void {
    if (this.#expiryAtMs <= deadlineMs) return;
    this.#cancelExpiry();
    this.#expiryAtMs = deadlineMs;
    this.#cancelExpiry = this.#clock.after(deadlineMs - nowMs, () => {
      this.#expire();
    });
  }

  #forget(waiting: Waiting): void {
    this.#requests -= 1;
    this.#bytes -= waiting.bytes;
    this.#beside.tell(this.#requests, this.#bytes);
    if (this.#requests > 0) return;
    this.#cancelExpiry();
    this.#expiryAtMs = Infinity;
  }
}
