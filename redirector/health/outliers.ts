import type { Clock } from '../../core/clock/port.js';

export interface OutliersOptions {
  /** So many failures in a row make a server an outlier. */
  readonly failuresMax: number;
  /** An outlier gets no work that others could do for so long; each time it is one again, for so much longer. */
  readonly ejectMs: number;
  readonly ejectMsMax: number;
  /** Of all servers, rounded down, but at least one: no more are ejected at a time. */
  readonly ejectedShareMax: number;
}

export const OUTLIERS_DEFAULTS: OutliersOptions = {
  failuresMax: 5,
  ejectMs: 10_000,
  ejectMsMax: 300_000,
  ejectedShareMax: 0.34,
};

/** A server is suspected once in so long at most: a check takes a moment, and answers for all that failed meanwhile. */
const SUSPECT_EVERY_MS = 1000;

export interface OutliersParts {
  readonly clock: Clock;
  /** How many servers there are. */
  readonly servers: () => number;
  /** Find out whether it is lost. */
  readonly suspect: (server: number) => void;
  /** A server was ejected. */
  readonly onEjected: (server: number) => void;
}

/**
 * Servers that fail work which they were given, as the work itself shows: no connection, answers lost, invalid or late, or a
 * gateway's excuses (502, 503, 504). One that fails so often in a row is suspected, which has it checked at once: only the
 * checks call a server lost. And it is ejected: where others serve the same resource they get its work for a while.
 */
export class Outliers {
  readonly #parts: OutliersParts;
  #options: OutliersOptions;
  /** By server: in a row. */
  #failures = new Uint32Array(64);
  readonly #suspectedAtMs = new Map<number, number>();
  readonly #ejected = new Map<number, { readonly untilMs: number; readonly times: number }>();
  /** Ever. */
  ejections = 0;
  /** Ejections that the limit kept back, ever. */
  spared = 0;

  constructor(parts: OutliersParts, options: Partial<OutliersOptions> = {}) {
    this.#parts = parts;
    this.#options = { ...OUTLIERS_DEFAULTS, ...options };
  }

  reconfigure(options: Partial<OutliersOptions>): void {
    this.#options = { ...this.#options, ...options };
  }

  succeeded(server: number): void {
    if (this.#failures[server] !== 0 && server < this.#failures.length) this.#failures[server] = 0;
  }

  failed(server: number): void {
    if (server >= this.#failures.length) this.#grow(server);
    const failures = (this.#failures[server] ?? 0) + 1;
    this.#failures[server] = failures;
    if (failures < this.#options.failuresMax) return;
    this.#failures[server] = 0;
    this.#suspect(server);
    if (!this.isEjected(server)) this.#eject(server);
  }

  isEjected(server: number): boolean {
    return this.#parts.clock.monotonicMs() < this.ejectedUntilMs(server);
  }

  /** Monotonic; −Infinity: it never was. */
  ejectedUntilMs(server: number): number {
    return this.#ejected.get(server)?.untilMs ?? -Infinity;
  }

  /** How many are ejected now. */
  get ejected(): number {
    return [...this.#ejected.keys()].filter((server) => this.isEjected(server)).length;
  }

  #suspect(server: number): void {
    const { clock, suspect } = this.#parts;
    const nowMs = clock.monotonicMs();
    if (nowMs < (this.#suspectedAtMs.get(server) ?? -Infinity) + SUSPECT_EVERY_MS) return;
    this.#suspectedAtMs.set(server, nowMs);
    suspect(server);
  }

  #eject(server: number): void {
    const { clock, servers, onEjected } = this.#parts;
    const { ejectMs, ejectMsMax, ejectedShareMax } = this.#options;
    if (this.ejected >= Math.max(1, Math.floor(ejectedShareMax * servers()))) {
      this.spared += 1;
      return;
    }
    const nowMs = clock.monotonicMs();
    const former = this.#ejected.get(server);
    // Well for as long as it may be ejected at most: what was before counts no more.
    const isForgotten = former === undefined || nowMs >= former.untilMs + ejectMsMax;
    const times = isForgotten ? 1 : former.times + 1;
    const forMs = Math.min(ejectMsMax, ejectMs * times);
    this.#ejected.set(server, { untilMs: nowMs + forMs, times });
    this.ejections += 1;
    onEjected(server);
  }

  #grow(server: number): void {
    const failures = new Uint32Array(Math.max(2 * this.#failures.length, server + 1));
    failures.set(this.#failures);
    this.#failures = failures;
  }
}
