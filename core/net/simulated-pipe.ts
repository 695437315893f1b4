import type { Clock } from '../clock/port.js';
import type { Rng } from '../rng.js';
import { between, chance, integerBelow } from '../rng.js';

/** How the simulated network behaves; all chance from the one stream. */
export interface Weather {
  readonly clock: Clock;
  readonly rng: Rng;
  /** One way, drawn for each segment; bytes never overtake each other. Nothing on the way to oneself. */
  readonly latencyMs: { readonly min: number; readonly max: number };
  /** How often what was written at once arrives in two parts, one later than the other. */
  readonly splitProbability: number;
  /** Bytes on their way in one direction before the writer is told to wait. */
  readonly windowBytes: number;
}

/** What travels: the handshake, bytes, the end of a direction, "you may write again", and the news that all is lost. */
export type Signal = 'open' | 'data' | 'end' | 'credit' | 'reset';

export interface PipeEnd {
  deliver(signal: Signal, bytes: readonly Uint8Array[]): void;
}

/** The way from one host to another, which a partition blocks. */
export class Link {
  readonly isLocal: boolean;
  readonly #stalled = new Set<Pipe>();
  #isBlocked = false;

  constructor(isLocal: boolean) {
    this.isLocal = isLocal;
  }

  get isBlocked(): boolean {
    return this.#isBlocked;
  }

  block(): void {
    this.#isBlocked = true;
  }

  /** What had stalled goes on its way again. */
  heal(): void {
    this.#isBlocked = false;
    const stalled = [...this.#stalled];
    this.#stalled.clear();
    for (const pipe of stalled) pipe.resume();
  }

  stall(pipe: Pipe): void {
    this.#stalled.add(pipe);
  }
}

interface Segment {
  readonly signal: Signal;
  readonly madeAtMs: number;
  readonly dueMs: number;
  readonly parts: Uint8Array[];
}

/** One direction of one connection. Writes of the same moment share a segment and its timer. */
export class Pipe {
  readonly #weather: Weather;
  readonly #link: Link;
  readonly #end: PipeEnd;
  #segments: Segment[] = [];
  #isArmed = false;
  /** Bytes sent and not yet consumed at the other end. */
  #unconsumed = 0;
  #isFull = false;

  constructor(weather: Weather, link: Link, end: PipeEnd) {
    this.#weather = weather;
    this.#link = link;
    this.#end = end;
  }

  /** Beyond the window. */
  get buffered(): number {
    return Math.max(0, this.#unconsumed - this.#weather.windowBytes);
  }

  /** True: the writer was told to wait, and need not any longer. */
  consumed(bytes: number): boolean {
    this.#unconsumed -= bytes;
    const isFreed = this.#isFull && 2 * this.#unconsumed <= this.#weather.windowBytes;
    if (isFreed) this.#isFull = false;
    return isFreed;
  }

  /** False: the writer must wait. */
  write(bytes: Uint8Array): boolean {
    this.#unconsumed += bytes.length;
    this.#isFull ||= this.#unconsumed >= this.#weather.windowBytes;
    this.#send(bytes);
    return !this.#isFull;
  }

  signal(signal: Exclude<Signal, 'data'>): void {
    this.#push(signal, []);
  }

  /** Loses what is on its way. */
  clear(): void {
    this.#segments = [];
    this.#unconsumed = 0;
  }

  resume(): void {
    this.#arm(this.#latencyMs());
  }

  #send(bytes: Uint8Array): void {
    const last = this.#segments.at(-1);
    if (last?.signal === 'data' && last.madeAtMs === this.#weather.clock.monotonicMs()) {
      last.parts.push(bytes);
      return;
    }
    const { rng, splitProbability } = this.#weather;
    if (bytes.length < 2 || !chance(rng, splitProbability)) {
      this.#push('data', [bytes]);
      return;
    }
    const cut = 1 + integerBelow(rng, bytes.length - 1);
    this.#push('data', [bytes.subarray(0, cut)]);
    this.#push('data', [bytes.subarray(cut)]);
  }

  #push(signal: Signal, parts: Uint8Array[]): void {
    const madeAtMs = this.#weather.clock.monotonicMs();
    const dueMs = Math.max(madeAtMs + this.#latencyMs(), this.#segments.at(-1)?.dueMs ?? 0);
    this.#segments.push({ signal, madeAtMs, dueMs, parts });
    if (!this.#isArmed && !this.#link.isBlocked) this.#arm(dueMs - madeAtMs);
    else if (this.#link.isBlocked) this.#link.stall(this);
  }

  #latencyMs(): number {
    const { rng, latencyMs } = this.#weather;
    return this.#link.isLocal ? 0 : between(rng, latencyMs.min, latencyMs.max);
  }

  #arm(ms: number): void {
    if (this.#isArmed) return;
    this.#isArmed = true;
    this.#weather.clock.after(ms, () => {
      this.#isArmed = false;
      this.#deliver();
    });
  }

  #deliver(): void {
    const nowMs = this.#weather.clock.monotonicMs();
    for (;;) {
      const first = this.#segments[0];
      if (first === undefined) return;
      if (this.#link.isBlocked) {
        this.#link.stall(this);
        return;
      }
      if (first.dueMs > nowMs) {
        this.#arm(first.dueMs - nowMs);
        return;
      }
      this.#segments.shift();
      this.#end.deliver(first.signal, this.#cut(first.parts));
    }
  }

  /** What was written apart arrives together, half of the time. */
  #cut(parts: Uint8Array[]): Uint8Array[] {
    return parts.length > 1 && chance(this.#weather.rng, 0.5) ? [Buffer.concat(parts)] : parts;
  }
}
