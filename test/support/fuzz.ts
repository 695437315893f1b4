/** From so many tries on a property takes long: where somebody waits for it, an eighth of them must do. */
const MANY = 10_000;

/**
 * How often a property is tried: the same inputs each time, unless `FUZZ_SEED` and `FUZZ_RUNS` ask for others, or more.
 * `FUZZ_RUNS=all`: each as often as it says itself, as `.ci/run` does.
 */
export function fuzzRuns(numRuns: number): { readonly numRuns: number; readonly seed: number } {
  const { FUZZ_SEED = '1', FUZZ_RUNS } = process.env;
  const usual = numRuns >= MANY ? Math.ceil(numRuns / 8) : numRuns;
  const asked = FUZZ_RUNS === 'all' ? numRuns : FUZZ_RUNS;
  return { numRuns: Number(asked ?? usual), seed: Number(FUZZ_SEED) };
}
