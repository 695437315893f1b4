import type { Clock } from '../../core/clock/port.js';

/** A response time that was slower than what is known counts at once; better ones are believed over so long. */
const DECAY_MS = 10_000;
/** What a server is taken for of which no response time is known, and that has work already. */
const UNKNOWN_MS = 1000;

/**
 * What servers do for this redirector now: work under way, of all their resources, and how long they take to answer (peak-EWMA,
 * after Finagle's PeakEwma: sensitive to peaks, forgetting them slowly). Servers are the gate's small integers; nothing here
 * allocates but for a server that is new.
 */
export class ServerLoads {
  readonly #clock: Clock;
  #underWay = new Int32Array(64);
  #responseMs = new Float64Array(64);
  /** When that was so (monotonic). */
  #atMs = new Float64Array(64);

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  entered(server: number): void {
    if (server >= this.#underWay.length) this.#grow(server);
    this.#underWay[server]! += 1;
  }

  left(server: number): void {
    this.#underWay[server]! -= 1;
  }

  /** It took so long from the sending of a request to the head of its answer. */
  answered(server: number, ms: number): void {
    if (server >= this.#underWay.length) this.#grow(server);
    const nowMs = this.#clock.monotonicMs();
    const known = this.#responseMs[server]!;
    if (ms >= known) {
      this.#responseMs[server] = ms;
    } else {
      const kept = Math.exp((this.#atMs[server]! - nowMs) / DECAY_MS);
      this.#responseMs[server] = known * kept + ms * (1 - kept);
    }
    this.#atMs[server] = nowMs;
  }

  underWay(server: number): number {
    return this.#underWay[server] ?? 0;
  }

  /** What it takes now, in milliseconds: what is known fades while nothing new is heard, so that nobody is shunned for ever. */
  responseMs(server: number): number {
    const known = this.#responseMs[server] ?? 0;
    if (known === 0) return this.underWay(server) === 0 ? 0 : UNKNOWN_MS;
    return known * Math.exp((this.#atMs[server]! - this.#clock.monotonicMs()) / DECAY_MS);
  }

  #grow(server: number): void {
    const length = Math.max(2 * this.#underWay.length, server + 1);
    const underWay = new Int32Array(length);
    const responseMs = new Float64Array(length);
    const atMs = new Float64Array(length);
    underWay.set(this.#underWay);
    responseMs.set(this.#responseMs);
    atMs.set(this.#atMs);
    this.#underWay = underWay;
    this.#responseMs = responseMs;
    this.#atMs = atMs;
  }
}
