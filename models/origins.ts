/**
 * Where a model is asked, while fitting, what it would have said: a lattice over the newer part of a history, the
 * newest first. Long histories leave room for a whole horizon behind each origin; short ones take what
 * there is, down to three samples.
 */

/** The older part serves learning only. */
const OLDEST_SHARE = 0.3;

export interface Lattice {
  readonly newest: number;
  readonly spacing: number;
  readonly count: number;
}

/**
 * @param length known steps; origins count from the first of them
 * @param endStep number of the step after the last, of all time: whole multiples of the spacing are preferred,
 *   so that series fitted at different times have origins in common
 */
export function latticeOf(
  length: number,
  { horizonSteps, endStep, countMax }: { horizonSteps: number; endStep: number; countMax: number },
): Lattice {
  const room = Math.min(horizonSteps, Math.ceil(length / 4));
  const newest = length - room;
  const oldest = Math.max(1, Math.floor(length * OLDEST_SHARE));
  const spacing = Math.max(1, Math.ceil((newest - oldest + 1) / countMax));
  const beyond = mod(endStep - room, spacing);
  const first = newest - beyond >= oldest ? newest - beyond : newest;
  const count = Math.min(countMax, Math.floor((first - oldest) / spacing) + 1);
  return { newest: first, spacing, count: Math.max(0, count) };
}

function mod(value: number, by: number): number {
  return ((value % by) + by) % by;
}
