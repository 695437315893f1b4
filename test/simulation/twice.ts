import { simulate } from './simulate.js';

export interface SeedResult {
  readonly failure: string | undefined;
  readonly hash: string;
  readonly requests: number;
  readonly commits: number;
  readonly giveBacks: number;
  readonly failovers: number;
}

/** One seed; `isTwice`: and once more, which must be the same run. */
export async function simulateTwice(seed: number, isTwice: boolean): Promise<SeedResult> {
  // Thousands of expected errors are made: their stacks would cost more than the errors.
  Error.stackTraceLimit = 0;
  const { violation, hash, requests, counts } = await simulate(seed);
  const again = isTwice && violation === undefined ? (await simulate(seed)).hash : hash;
  const failure =
    hash === again ? violation?.message : `ran twice, and differently: ${hash}, ${again}`;
  return { failure, hash, requests, ...counts };
}
