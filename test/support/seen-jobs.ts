import type { Handler, Job } from '../../core/bus/port.js';
import type { Clock } from '../../core/clock/port.js';
import type { Json } from '../../core/json.js';

/** Jobs as a handler sees them; each waits until it is told how to end, unless the handler says so. */
export class SeenJobs {
  readonly jobs: Job[] = [];
  readonly atMs: number[] = [];
  readonly #clock: Clock;
  readonly #answer: (job: Job) => Promise<Json>;
  #listeners: (() => void)[] = [];
  running = 0;
  runningMax = 0;

  constructor(clock: Clock, answer: (job: Job) => Promise<Json> = () => Promise.resolve(null)) {
    this.#clock = clock;
    this.#answer = answer;
  }

  get handle(): Handler {
    return async (job) => {
      this.jobs.push(job);
      this.atMs.push(this.#clock.monotonicMs());
      this.running += 1;
      this.runningMax = Math.max(this.runningMax, this.running);
      this.#listeners.forEach((listener) => {
        listener();
      });
      try {
        return await this.#answer(job);
      } finally {
        this.running -= 1;
      }
    };
  }

  get data(): Json[] {
    return this.jobs.map(({ data }) => data);
  }

  has(count: number): Promise<void> {
    return new Promise((resolve) => {
      const look = (): void => {
        if (this.jobs.length >= count) resolve();
      };
      this.#listeners.push(look);
      look();
    });
  }
}

/** A promise to be kept by hand. */
export class Gate {
  open: () => void = () => undefined;
  readonly opened = new Promise<Json>((resolve) => {
    this.open = () => {
      resolve(null);
    };
  });
}
