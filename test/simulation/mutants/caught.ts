import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { MUTANTS } from './all.js';

/**
 * When the seed that is known to notice it does not any more, so many others may: whatever changes how long something takes makes
 * other runs of all seeds. That takes minutes, so another one is to be written down then.
 */
const SEEDS_MAX = 600;
const TIMEOUT_MS = 900_000;

/** Where somebody waits for the tests, every fourth of a share must do; `.ci/run` plants all. */
const isWhole = process.env.MUTANTS === 'all';

/** What the process says: of a planted mutant, or of none. */
export function runMutants(...args: readonly string[]): Promise<string> {
  const script = fileURLToPath(new URL('./main.js', import.meta.url));
  return new Promise((resolve) => {
    execFile(process.execPath, [script, ...args], (_error, stdout, stderr) => {
      resolve(stdout + stderr);
    });
  });
}

/** A share of the mutants: each in a process of its own, which must be noticed by a rule that it breaks. */
export function describeMutants(share: number, shares: number): void {
  const mutants = MUTANTS.filter(
    (_mutant, at) => at % shares === share - 1 && (isWhole || Math.floor(at / shares) % 4 === 0),
  );
  describe(`mutants, share ${share} of ${shares}`, () => {
    it.each(mutants)(
      '$name: is noticed',
      async ({ name, rules }) => {
        const said = await runMutants(name, '--seeds', String(SEEDS_MAX));
        const { rule } = JSON.parse(said) as { rule: string | null };
        expect({ said, rules }).toMatchObject({ rules: expect.arrayContaining([rule]) });
      },
      TIMEOUT_MS,
    );
  });
}
