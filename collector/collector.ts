import type { Clock } from '../core/clock/port.js';
import { every } from '../core/every.js';
import type { Startable } from '../core/lifecycle.js';
import type { Log } from '../core/log.js';
import type { Rng } from '../core/rng.js';
import type { Sample } from '../core/sample.js';
import type { Outbox, OutboxStatus } from './outbox.js';
import type { TargetStatus } from './poller.js';
import { Poller } from './poller.js';
import { Slots } from './slots.js';
import type { Target } from './target.js';

export interface CollectorParts {
  readonly clock: Clock;
  readonly rng: Rng;
  readonly log: Log;
  readonly outbox: Outbox;
  /** What is to be polled now; servers come and go. Names are distinct. */
  readonly targets: () => readonly Target[];
}

export interface CollectorOptions {
  /** Between two polls of a target. */
  readonly everyMs: number;
  /** Of one poll. */
  readonly timeoutMs: number;
  /** Polls at once. */
  readonly concurrencyMax: number;
  readonly targetsMax: number;
  /** How soon a new target is seen. */
  readonly lookMs: number;
}

export const COLLECTOR_DEFAULTS: CollectorOptions = {
  everyMs: 10_000,
  timeoutMs: 5000,
  concurrencyMax: 32,
  targetsMax: 2001,
  lookMs: 1000,
};

export interface CollectorStatus {
  /** By name. */
  readonly targets: readonly TargetStatus[];
  /** Targets beyond the limit, which are not polled. */
  readonly targetsRefused: number;
  readonly outbox: OutboxStatus;
}

/** Targets whose last poll failed may have this part of the polls at once. */
const FAILING_PART = 0.25;

/** The loop that collects: every target's load, on its own schedule, into the metric store. Knows neither plans nor tables. */
export class Collector implements Startable {
  readonly #parts: CollectorParts;
  #options: CollectorOptions;
  readonly #slots: Slots;
  readonly #failingSlots: Slots;
  readonly #pollers = new Map<string, Poller>();
  /** Of all pollers, those told to stop among them. */
  readonly #running = new Set<Promise<void>>();
  readonly #stopping = new AbortController();
  #looking: Promise<void> = Promise.resolve();
  #refused = 0;

  constructor(parts: CollectorParts, options: Partial<CollectorOptions> = {}) {
    this.#parts = parts;
    this.#options = { ...COLLECTOR_DEFAULTS, ...options };
    const { concurrencyMax } = this.#options;
    this.#slots = new Slots(concurrencyMax);
    this.#failingSlots = new Slots(Math.ceil(concurrencyMax * FAILING_PART));
  }

  async start(): Promise<void> {
    await this.#parts.outbox.start();
    const { signal } = this.#stopping;
    const { lookMs: everyMs } = this.#options;
    this.#looking = every(this.#parts.clock, { everyMs, firstMs: 0, signal }, () => {
      this.look();
    });
  }

  /** Polls under way are called off; what they brought is safe. */
  async stop(): Promise<void> {
    this.#stopping.abort(new Error('stopping'));
    await this.#looking;
    for (const poller of this.#pollers.values()) poller.stop();
    await Promise.all(this.#running);
    await this.#parts.outbox.stop();
  }

  /** From now on; every target is polled anew, so that the rates of counters miss one period. */
  reconfigure(options: Pick<CollectorOptions, 'everyMs' | 'timeoutMs' | 'concurrencyMax'>): void {
    this.#options = { ...this.#options, ...options };
    this.#slots.resize(options.concurrencyMax);
    this.#failingSlots.resize(Math.ceil(options.concurrencyMax * FAILING_PART));
    for (const poller of this.#pollers.values()) poller.stop();
    this.#pollers.clear();
    if (!this.#stopping.signal.aborted) this.look();
  }

  /** Begins with the targets that are new, ends with those that are gone; else done by itself after `lookMs`. */
  look(): void {
    const { targetsMax } = this.#options;
    const targets = this.#parts.targets();
    const wanted = new Map(targets.slice(0, targetsMax).map((target) => [target.name, target]));
    this.#refuse(targets.length - wanted.size);
    for (const [name, poller] of this.#pollers) {
      if (wanted.get(name)?.version === poller.version) continue;
      poller.stop();
      this.#pollers.delete(name);
    }
    for (const [name, target] of wanted) if (!this.#pollers.has(name)) this.#begin(target);
  }

  status(): CollectorStatus {
    return {
      targets: [...this.#pollers.values()]
        .map((poller) => poller.status())
        .sort((a, b) => (a.name < b.name ? -1 : 1)),
      targetsRefused: this.#refused,
      outbox: this.#parts.outbox.status(),
    };
  }

  #begin(target: Target): void {
    const { clock, rng, log, outbox } = this.#parts;
    const parts = {
      clock,
      rng,
      log,
      slots: this.#slots,
      failingSlots: this.#failingSlots,
      write: (samples: Iterable<Sample>) => outbox.write(samples),
    };
    const poller = new Poller(target, parts, this.#options);
    this.#pollers.set(target.name, poller);
    const run = poller.run().finally(() => this.#running.delete(run));
    this.#running.add(run);
  }

  #refuse(count: number): void {
    if (count > 0 && this.#refused === 0) {
      const { targetsMax } = this.#options;
      this.#parts.log.warn({ refused: count, targetsMax }, 'too many targets');
    }
    this.#refused = count;
  }
}
