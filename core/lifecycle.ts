/** A part with a life: `start` before use, `stop` once; both may be awaited. */
export interface Startable {
  start(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Starts parts in order and stops those that started in the opposite order.
 * A failing start stops what had started and rethrows; a failing stop does not keep the others from stopping.
 */
export class Lifecycle implements Startable {
  readonly #parts: readonly Startable[];
  #started: Startable[] = [];

  constructor(parts: readonly Startable[]) {
    this.#parts = parts;
  }

  async start(): Promise<void> {
    for (const part of this.#parts) {
      try {
        await part.start();
      } catch (error) {
        await this.stop();
        throw error;
      }
      this.#started.push(part);
    }
  }

  async stop(): Promise<void> {
    const failures: unknown[] = [];
    const started = this.#started;
    this.#started = [];
    for (const part of started.reverse()) {
      await part.stop().catch((error: unknown) => failures.push(error));
    }
    if (failures.length > 0) throw new AggregateError(failures, 'some parts did not stop cleanly');
  }
}
