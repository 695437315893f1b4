/** Time as an argument: nothing else in the product reads a clock or starts a timer. */
export interface Clock {
  /** Milliseconds since the epoch. May jump either way: for labels, never for leases or deadlines. */
  realtimeMs(): number;
  /** Milliseconds that never go back, from an arbitrary start. */
  monotonicMs(): number;
  /** Calls back once after `ms`; the returned function cancels it. */
  after(ms: number, run: () => void): Cancel;
  /** Resolves after `ms`; rejects with the signal's reason as soon as the signal aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export type Cancel = () => void;
