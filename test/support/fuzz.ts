/** How often a property is tried: the same inputs each time, unless `FUZZ_SEED` and `FUZZ_RUNS` ask for others, or more. */
export function fuzzRuns(numRuns: number): { readonly numRuns: number; readonly seed: number } {
  const { FUZZ_SEED = '1', FUZZ_RUNS } = process.env;
  return { numRuns: Number(FUZZ_RUNS ?? numRuns), seed: Number(FUZZ_SEED) };
}
