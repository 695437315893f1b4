/** Who waits until nothing of a resource is under way any more. */
export class DrainWaiters {
  readonly #waiters = new Map<number, Set<() => void>>();

  get isAny(): boolean {
    return this.#waiters.size > 0;
  }

  /** Resolves when it is said that the resource is empty; rejects with the signal's reason. */
  wait(at: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const waiters = this.#waiters.get(at) ?? new Set();
      this.#waiters.set(at, waiters);
      const onAbort = (): void => {
        waiters.delete(onEmpty);
        if (waiters.size === 0) this.#waiters.delete(at);
        reject(signal.reason as Error);
      };
      const onEmpty = (): void => {
        signal.removeEventListener('abort', onAbort);
        resolve();
      };
      waiters.add(onEmpty);
      if (signal.aborted) onAbort();
      else signal.addEventListener('abort', onAbort, { once: true });
    });
  }

  /** Nothing of the resource is under way. */
  emptied(at: number): void {
    const waiters = this.#waiters.get(at);
    this.#waiters.delete(at);
    for (const notify of waiters ?? []) notify();
  }
}
