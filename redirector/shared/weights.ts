import type { Dimension } from '../../core/domain.js';
import { DIMENSIONS } from '../../core/domain.js';

/** What counts of a server that could be chosen. */
export interface Weighed {
  /** What the forecast leaves of it, 0 to 1; undefined: nothing is known. */
  readonly headroom: number | undefined;
  readonly capacity: Readonly<Partial<Record<Dimension, number>>>;
  /** For how long it can be chosen, in a row. */
  readonly availableForMs: number;
}

/** A server that is full still gets a little: the forecast may be wrong, and its own measure needs work to be seen. */
const HEADROOM_MIN = 0.05;
/** A server that is new begins with so much of its weight. */
const RAMP_MIN = 0.1;

/**
 * What each should get of the work, beside the others: its size times what is left of it, ramped up over `slowStartMs` since it
 * could be chosen first, since caches are cold and code is not compiled yet. Its size is its capacity in the first dimension that all
 * of them declare; where they declare none they are taken to be of one size. What is not known of one is taken for the mean
 * of the others.
 */
export function weightsOf(servers: readonly Weighed[], slowStartMs: number): readonly number[] {
  const known = servers.flatMap(({ headroom }) => (headroom === undefined ? [] : [headroom]));
  const usual = known.length === 0 ? 1 : meanOf(known);
  const dimension = DIMENSIONS.find((each) =>
    servers.every(({ capacity }) => (capacity[each] ?? 0) > 0),
  );
  const sizes = servers.map(({ capacity }) =>
    dimension === undefined ? 1 : (capacity[dimension] ?? 1),
  );
  const size = meanOf(sizes);
  return servers.map(({ headroom = usual, availableForMs }, at) => {
    const left = Math.max(HEADROOM_MIN, headroom);
    return ((sizes[at] ?? size) / size) * left * ramp(availableForMs, slowStartMs);
  });
}

function ramp(availableForMs: number, slowStartMs: number): number {
  if (availableForMs >= slowStartMs) return 1;
  return RAMP_MIN + (1 - RAMP_MIN) * (availableForMs / slowStartMs);
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
