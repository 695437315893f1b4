import { expect, it } from '@jest/globals';

/** What an engine cannot do, by the name of the test, and why. */
export interface LeftOut {
  readonly test: string;
  readonly reason: string;
}

export type Test = (name: string, run: () => Promise<void> | void) => void;

/**
 * `it` for a suite that every engine of a port runs: without the tests that this one lists with a reason. What
 * is listed must be there to be left out, so a list does not outlive its tests.
 */
export function suiteTest(leftOut: readonly LeftOut[] = []): Test {
  const missing = new Map(leftOut.map(({ test, reason }) => [test, reason]));
  if (leftOut.length > 0) {
    it(`leaves out, for a reason each: ${leftOut.map(({ test }) => test).join(', ')}`, () => {
      expect([...missing.keys()]).toEqual([]);
      expect(leftOut.every(({ reason }) => reason.length > 0)).toBe(true);
    });
  }
  const known = new Set(missing.keys());
  return (name, run) => {
    if (known.has(name)) missing.delete(name);
    else it(name, run);
  };
}
