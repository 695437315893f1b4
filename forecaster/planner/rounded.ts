/** Nine decimals: what is told has no noise of binary fractions. */
const DECIMALS = 1e9;

export function rounded(value: number): number {
  return Math.round(value * DECIMALS) / DECIMALS;
}

/** For what must not be more than it is. */
export function roundedDown(value: number): number {
  return Math.floor(value * DECIMALS) / DECIMALS;
}
