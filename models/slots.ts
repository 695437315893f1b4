import { NearestSlots } from './nearest-slots.js';
import type { SeasonShape } from './season.js';
import { SortedSlots } from './sorted-slots.js';

/**
 * Quantiles of the slots of a season, as far as they may be seen: from an origin on, the steps of a horizon are hidden; what comes
 * after them counts. Earlier seasons count before later ones and the nearest of them first, so that a season that changed counts soon.
 */
export interface Slots {
  /** Another history, [start, its end), or the same one changed. */
  take(values: Float32Array | Float64Array, start: number): void;

  /**
   * Asks for the slot that `step` is in, which may be a hidden one or beyond the end; many origins are best asked the latest first.
   * @param origin the first step that is hidden
   */
  ask(step: number, origin: number): void;

  /** Of the slot asked for: between the two order statistics around q·(n − 1), linearly; NaN if nothing of it is seen. */
  quantile(q: number): number;
}

/** @param cyclesMax so many values of a slot count at most */
export function slotsOf(shape: SeasonShape, cyclesMax: number): Slots {
  const { season, horizonSteps, historySteps } = shape;
  const isWhole = horizonSteps <= season.steps && historySteps <= cyclesMax * season.steps;
  return isWhole ? new SortedSlots(shape) : new NearestSlots(shape, cyclesMax);
}
