import type { Bus } from '../core/bus/port.js';
import type { Clock } from '../core/clock/port.js';
import { codeOf } from '../core/errors.js';

/** Everything on one page is of one look: a bus may have to ask its store for each. */
const FRESH_MS = 500;

/** The jobs of a bus, for a page of metrics. */
export class JobsLook {
  readonly #bus: Pick<Bus, 'jobs'>;
  readonly #clock: Clock;
  #last: { readonly atMs: number; readonly jobs: ReturnType<Bus['jobs']> } | undefined;

  constructor(bus: Pick<Bus, 'jobs'>, clock: Clock) {
    this.#bus = bus;
    this.#clock = clock;
  }

  /** None while the bus is away: the page must not be. */
  jobs(): ReturnType<Bus['jobs']> {
    const nowMs = this.#clock.monotonicMs();
    if (this.#last === undefined || nowMs - this.#last.atMs >= FRESH_MS) {
      this.#last = { atMs: nowMs, jobs: this.#read() };
    }
    return this.#last.jobs;
  }

  async #read(): ReturnType<Bus['jobs']> {
    try {
      return await this.#bus.jobs();
    } catch (error) {
      if (codeOf(error) === undefined) throw error;
      return [];
    }
  }
}
