/** One piece of work that waits at the gate. */
export interface Waiting {
  readonly bytes: number;
  /** Monotonic. */
  readonly sinceMs: number;
  readonly deadlineMs: number;
  readonly run: (entrance: number | 'expired') => void;
}

/** The work that waits for one resource, first come first served, and what became of it since it began. */
export class HoldQueue {
  /** Monotonic time of the first arrival. */
  readonly firstAtMs: number;
  /** In the order of arrival. */
  readonly #waiting = new Set<Waiting>();
  /** Ever parked here, or turned away for want of room; and how many of them were not let through. */
  held = 0;
  failed = 0;

  constructor(firstAtMs: number) {
    this.firstAtMs = firstAtMs;
  }

  get length(): number {
    return this.#waiting.size;
  }

  push(waiting: Waiting): void {
    this.held += 1;
    this.#waiting.add(waiting);
  }

  remove(waiting: Waiting): boolean {
    return this.#waiting.delete(waiting);
  }

  shift(): Waiting | undefined {
    for (const first of this.#waiting) {
      this.#waiting.delete(first);
      return first;
    }
    return undefined;
  }

  /** Takes out what is past its deadline. */
  takeExpired(nowMs: number): Waiting[] {
    const expired = [...this.#waiting].filter(({ deadlineMs }) => deadlineMs <= nowMs);
    for (const waiting of expired) this.#waiting.delete(waiting);
    return expired;
  }

  /** When the one in front came; Infinity if nothing waits. */
  get oldestAtMs(): number {
    for (const { sinceMs } of this.#waiting) return sinceMs;
    return Infinity;
  }

  /** Infinity if nothing waits. */
  earliestDeadlineMs(): number {
    let earliest = Infinity;
    for (const { deadlineMs } of this.#waiting) earliest = Math.min(earliest, deadlineMs);
    return earliest;
  }
}
