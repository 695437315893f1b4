/** From so many tries on a property takes long: where somebody waits for it, a quarter of them must do. */
const MANY = 10_000;

/** How often a property is tried: the same inputs each time, unless `FUZZ_SEED` and `FUZZ_RUNS` ask for others, or more. */
export function fuzzRuns(numRuns: number): { readonly numRuns: number; readonly seed: number } {
  const { FUZZ_SEED = '1', FUZZ_RUNS, CI } = process.env;
  const usual = numRuns >= MANY && CI === undefined ? Math.ceil(numRuns / 4) : numRuns;
  return { numRuns: Number(FUZZ_RUNS ?? usual), seed: Number(FUZZ_SEED) };
}
