import { describe, it } from '@jest/globals';
import { spawnSync } from 'node:child_process';

/**
 * `it` for a test that needs a program of the system. Without the program the test is skipped, and its name says why; in CI,
 * where `.ci/engines` has installed it, it runs and fails.
 */
export function itWith(
  program: string,
): (name: string, test: () => Promise<void>, timeoutMs?: number) => void {
  if (mustRun(program)) return it;
  return (name, test, timeoutMs) => {
    // Its program is not on this machine: there is nothing to test with.
    it.skip(`${name} (skipped: ${program} is not installed; see .ci/engines)`, test, timeoutMs);
  };
}

/** The same for a whole suite. */
export function describeWith(program: string): (name: string, tests: () => void) => void {
  if (mustRun(program)) return describe;
  return (name, tests) => {
    // Its program is not on this machine: there is nothing to test with.
    describe.skip(`${name} (skipped: ${program} is not installed; see .ci/engines)`, tests);
  };
}

function mustRun(program: string): boolean {
  const { error } = spawnSync(program, ['--version'], { stdio: 'ignore' });
  return error === undefined || process.env.CI === 'true';
}
