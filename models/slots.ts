import type { Ordered } from './ordered.js';

/** The part of a row that may be looked at: [start, hiddenFrom) and [hiddenTo, its end). */
export interface Visible {
  readonly start: number;
  readonly hiddenFrom: number;
  readonly hiddenTo: number;
}

/**
 * The values of one slot, those a whole number of seasons away from `step`: as many as there is room for,
 * earlier ones first and the nearest of them first, so that a season that changed counts soon.
 */
export function collectSlot(
  values: Float32Array | Float64Array,
  { step, season }: { readonly step: number; readonly season: number },
  { start, hiddenFrom, hiddenTo }: Visible,
  into: Ordered,
): void {
  into.clear();
  for (let at = step; at >= start && into.count < into.room; at -= season) {
    if (at < hiddenFrom) into.insert(values[at]!);
  }
  const first = step + season * Math.max(1, Math.ceil((hiddenTo - step) / season));
  for (let at = first; at < values.length && into.count < into.room; at += season) {
    into.insert(values[at]!);
  }
}
