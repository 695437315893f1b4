import { describe, it } from '@jest/globals';
import { spawnSync } from 'node:child_process';

/**
 * `it` for a test that needs a program of the system. Without the program the test is skipped, and its name says why; in CI,
 * where `.ci/engines` has installed it, it runs and fails.
 */
export function itWith(
  program: string,
): (name: string, test: () => Promise<void>, timeoutMs?: number) => void {
  if (mayRun(program)) return it;
  return (name, test, timeoutMs) => {
    it.skip(named(name, program), test, timeoutMs);
  };
}

/** `describe` likewise: without the program none of its tests runs. */
export function describeWith(program: string): (name: string, tests: () => void) => void {
  if (mayRun(program)) return describe;
  return (name, tests) => {
    describe.skip(named(name, program), tests);
  };
}

function mayRun(program: string): boolean {
  const { error } = spawnSync(program, ['--version'], { stdio: 'ignore' });
  return error === undefined || process.env.CI === 'true';
}

function named(name: string, program: string): string {
  return `${name} (skipped: ${program} is not installed; see .ci/engines)`;
}
