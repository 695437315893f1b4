/*
 * The seam of the room: a way to forecast. A model sees histories as rows and says paths; it reads no clock,
 * draws no chance, keeps nothing but the parameters it is handed back. `Blend` makes forecasts of what
 * several models say; one model alone is a blend of one.
 */

/**
 * What a model sees of one series: the newest value at `values[steps − 1]`, the oldest known one at
 * `values[start]`; gaps between are filled linearly. Scratch of the blend: read within the call, never kept.
 */
export interface Row {
  /** Whose parameters these are: those of slot s begin at `s · model.params`. */
  slot: number;
  /** Steps that were added since the parameters were learnt; 0 while fitting. */
  age: number;
  /** Equal to `steps` if nothing is known yet. */
  start: number;
  /** The largest of the values; 0 if nothing is known yet. */
  highest: number;
  readonly values: Float32Array;
  /** Square roots of the values: errors of loads grow about as fast as the root's slope shrinks. */
  readonly roots: Float32Array;
  /** 0 where `values` was filled in: read it, but do not judge by it. */
  readonly isKnown: Uint8Array;
  /**
   * Steps at which the model is asked, while fitting, what it would have said: from origin o on, the
   * `horizonSteps` steps beginning there are hidden from it. −1: nothing is asked.
   */
  readonly origins: Int32Array;
}

/** What every model of a blend has in common. */
export interface Shape {
  readonly horizonSteps: number;
  /** Longest history that is kept. */
  readonly historySteps: number;
}

/** Thousands of series a call: neither call makes an object a series. */
export interface Model {
  readonly name: string;
  /** How many paths it says of a series, such as a median and a high quantile. */
  readonly paths: number;
  /** How many numbers it keeps of a series from one fit to the next. */
  readonly params: number;
  /** With fewer steps it has nothing to say; simpler models do. */
  readonly minHistory: number;

  /**
   * Learns `params` of each row, and writes what it would have said at the row's origins:
   * `said[((r · paths + p) · origins + k) · horizonSteps + h]`; NaN says nothing.
   */
  fit(rows: readonly Row[], params: Float32Array, said: Float32Array): void;

  /** What it says of the steps after the end: `said[(r · paths + p) · horizonSteps + h]`. */
  predict(rows: readonly Row[], params: Float32Array, said: Float32Array): void;
}

/** Steps of history in a row. */
export function lengthOf({ values, start }: Row): number {
  return values.length - start;
}
