import { percentile } from './percentile.js';

/** What is loaded: series-major, without gaps. */
export interface Loads {
  readonly values: Float32Array;
  readonly steps: number;
}

/** The servers together carry the total's P99 at this utilization. */
const FULL_SHARE = 0.75;
/** A server carries any one resource with this much to spare. */
const ONE_RESOURCE = 1.05;

/**
 * Capacity of one of `servers` equal servers: the total's P99 is 75 % of them all, and none is too small for
 * the P99.9 of the largest resource. Judged on what follows the warm-up.
 */
export function capacityFor({ values, steps }: Loads, servers: number, warmSteps: number): number {
  const total = new Float64Array(steps - warmSteps);
  let largest = 0;
  for (let from = 0; from < values.length; from += steps) {
    const row = values.subarray(from + warmSteps, from + steps);
    largest = Math.max(largest, percentile(row, 0.999));
    for (let step = 0; step < row.length; step++) total[step]! += row[step]!;
  }
  return Math.max(percentile(total, 0.99) / (FULL_SHARE * servers), ONE_RESOURCE * largest);
}
