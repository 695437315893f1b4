import type { Cancel, Clock } from '../core/clock/port.js';
import { codeOf } from '../core/errors.js';
import type { Startable } from '../core/lifecycle.js';
import type { Log } from '../core/log.js';
import type { TableView } from '../core/table-store/view.js';

export interface PreparationsParts {
  readonly view: TableView;
  readonly clock: Clock;
  readonly log: Log;
}

/** At least so long between two. */
const REST_MS_MIN = 1000;
/** And so many times as long as the last took: however fast the table changes, it is a small part of the time. */
const REST_SHARE = 9;

/**
 * Prepares answers ahead of their questions: at once when the table store has news (each round leaves some there, whatever it finds),
 * then again after a rest. What need not be made anew costs a look at its facts.
 */
export class Preparations implements Startable {
  readonly #parts: PreparationsParts;
  readonly #works: (() => Promise<void>)[] = [];
  #unfollow: (() => void) | undefined;
  #cancelRest: Cancel | undefined;
  #isBusy = false;
  #hasNews = false;

  constructor(parts: PreparationsParts) {
    this.#parts = parts;
  }

  /** @param work after those that were added before; what it throws is told to whoever asks */
  add(work: () => Promise<void>): void {
    this.#works.push(work);
  }

  start(): Promise<void> {
    this.#unfollow = this.#parts.view.onChange(() => {
      this.#news();
    });
    this.#news();
    return Promise.resolve();
  }

  stop(): Promise<void> {
    this.#unfollow?.();
    this.#unfollow = undefined;
    this.#cancelRest?.();
    return Promise.resolve();
  }

  #news(): void {
    this.#hasNews = true;
    if (!this.#isBusy) void this.#prepare();
  }

  async #prepare(): Promise<void> {
    const { clock, log } = this.#parts;
    this.#isBusy = true;
    this.#hasNews = false;
    const startedAtMs = clock.monotonicMs();
    for (const work of this.#works) {
      try {
        await work();
      } catch (error) {
        log.debug({ code: codeOf(error), err: error }, 'not prepared ahead');
      }
    }
    if (this.#unfollow === undefined) return;
    const tookMs = clock.monotonicMs() - startedAtMs;
    this.#cancelRest = clock.after(Math.max(REST_MS_MIN, REST_SHARE * tookMs), () => {
      this.#isBusy = false;
      if (this.#hasNews) this.#news();
    });
  }
}
