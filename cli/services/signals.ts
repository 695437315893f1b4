import { strict as assert } from 'node:assert';

/** Resolves at the first SIGTERM or SIGINT; a second one ends the process at once. */
export function untilStopped(): Promise<void> {
  return new Promise((resolve) => {
    const onSignal = (): void => {
      process.once('SIGTERM', exitNow);
      process.once('SIGINT', exitNow);
      process.removeListener('SIGTERM', onSignal);
      process.removeListener('SIGINT', onSignal);
      resolve();
    };
    process.once('SIGTERM', onSignal);
    process.once('SIGINT', onSignal);
  });
}

function exitNow(): void {
  process.exit(1);
}

/**
 * Calls back at SIGHUP: once at a time, and once more for those that came meanwhile. It takes the signal from its
 * making on, so that one that comes too early, or too late, ends no process; it calls back from `open` until `close`.
 */
export class Hangups {
  readonly #handle: () => Promise<void>;
  #isOpen = false;
  #isWanted = false;
  #running: Promise<void> | undefined;

  constructor(handle: () => Promise<void>) {
    this.#handle = handle;
    process.on('SIGHUP', () => {
      this.#isWanted = true;
      this.#run();
    });
  }

  open(): void {
    assert.ok(!this.#isOpen, 'opened once');
    this.#isOpen = true;
    this.#run();
  }

  /** Resolves when nothing runs any more. */
  async close(): Promise<void> {
    this.#isOpen = false;
    await this.#running;
  }

  #run(): void {
    if (!this.#isOpen || !this.#isWanted || this.#running !== undefined) return;
    this.#isWanted = false;
    this.#running = this.#handle().finally(() => {
      this.#running = undefined;
      this.#run();
    });
  }
}
