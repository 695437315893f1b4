import type { ForecastRun } from './port.js';

/** What is asked when a forecast comes. */
export interface Newcomer {
  readonly run: ForecastRun;
  /** By the clock of who writes it. */
  readonly nowMs: number;
}

/**
 * Whether a forecast is of a time to come: some clock was ahead when it was made. Clocks that differ by less than a step do no
 * harm: the next round's forecast is later.
 */
export function isAhead(madeAtMs: number, { run, nowMs }: Newcomer): boolean {
  return madeAtMs > nowMs + run.block.grid.stepMs;
}

/**
 * Whether a forecast becomes the latest in another's place: unless that one was made later, as by another process meanwhile. One that is
 * ahead gives way all the same: until its time had come no other would.
 */
export function takesPlaceOf(madeAtMs: number, newcomer: Newcomer): boolean {
  return newcomer.run.madeAtMs >= madeAtMs || isAhead(madeAtMs, newcomer);
}
