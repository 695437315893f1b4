import { strict as assert } from 'node:assert';

/** What went through a resource's entry since its gate was made: only ever grows, but for `inFlight`. */
export interface WorkCounts {
  readonly hits: number;
  /** Both directions. */
  readonly bytes: number;
  /** Sum over the requests, from their head to the end of their answer. */
  readonly serviceMs: number;
  readonly inFlight: number;
}

/** Where it is counted, by the gate's index of a resource. */
export interface CountColumns {
  readonly hits: Float64Array;
  readonly bytes: Float64Array;
  readonly serviceMs: Float64Array;
  readonly inFlight: Int32Array;
}

/** All work that a gate let in, by resource: what is under way, and what went through. */
export class CountedWork {
  #hits: Float64Array;
  #bytes: Float64Array;
  #serviceMs: Float64Array;
  #inFlight: Int32Array;

  /** `columns`: long enough for all resources there may be; undefined: it has its own, for so many at first. */
  constructor(length: number, columns: CountColumns | undefined) {
    this.#hits = columns?.hits ?? new Float64Array(length);
    this.#bytes = columns?.bytes ?? new Float64Array(length);
    this.#serviceMs = columns?.serviceMs ?? new Float64Array(length);
    this.#inFlight = columns?.inFlight ?? new Int32Array(length);
  }

  entered(at: number): void {
    this.#inFlight[at]! += 1;
  }

  /** True: nothing of the resource is under way any more. */
  left(at: number): boolean {
    this.#inFlight[at]! -= 1;
    assert.ok(this.#inFlight[at]! >= 0, 'what leaves has entered');
    return this.#inFlight[at] === 0;
  }

  served(at: number, bytes: number, serviceMs: number): void {
    this.#hits[at]! += 1;
    this.#bytes[at]! += bytes;
    this.#serviceMs[at]! += serviceMs;
  }

  carried(at: number, bytes: number): void {
    this.#bytes[at]! += bytes;
  }

  inFlight(at: number): number {
    return this.#inFlight[at]!;
  }

  of(at: number): WorkCounts {
    return {
      hits: this.#hits[at]!,
      bytes: this.#bytes[at]!,
      serviceMs: this.#serviceMs[at]!,
      inFlight: this.#inFlight[at]!,
    };
  }

  /** What was counted elsewhere. */
  add(at: number, { hits, bytes, serviceMs }: Omit<WorkCounts, 'inFlight'>): void {
    this.#hits[at]! += hits;
    this.#bytes[at]! += bytes;
    this.#serviceMs[at]! += serviceMs;
  }

  /** There may be so many resources now. */
  grow(length: number): void {
    // Columns that were given are long enough from the beginning.
    if (this.#hits.length >= length) return;
    const longer = (from: Float64Array): Float64Array => {
      const to = new Float64Array(length);
      to.set(from);
      return to;
    };
    this.#hits = longer(this.#hits);
    this.#bytes = longer(this.#bytes);
    this.#serviceMs = longer(this.#serviceMs);
    const inFlight = new Int32Array(length);
    inFlight.set(this.#inFlight);
    this.#inFlight = inFlight;
  }
}
