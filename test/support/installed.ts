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
    // Skipped where `program` is not installed; in CI it runs, and fails.
    it.skip(named(name, `${program} is not installed`), test, timeoutMs);
  };
}

/** The same for a whole suite. */
export function describeWith(program: string): (name: string, tests: () => void) => void {
  if (mustRun(program)) return describe;
  return (name, tests) => {
    // Skipped where `program` is not installed; in CI it runs, and fails.
    describe.skip(named(name, `${program} is not installed`), tests);
  };
}

function mustRun(program: string): boolean {
  const { error } = spawnSync(program, ['--version'], { stdio: 'ignore' });
  return error === undefined || process.env.CI === 'true';
}

/** For a suite that makes networks of its own: as root, on Linux, with namespaces, and the programs that work on them. */
export function describeWithNetwork(name: string, tests: () => void): void {
  const probe = `foreshift-probe-${process.pid}`;
  const made = spawnSync('ip', ['netns', 'add', probe], { stdio: 'ignore' });
  if (made.status === 0) spawnSync('ip', ['netns', 'del', probe], { stdio: 'ignore' });
  const has = (program: string, ...args: string[]): boolean =>
    spawnSync(program, args, { stdio: 'ignore' }).error === undefined;
  const isThere = made.status === 0 && has('nft', '--version') && has('arping', '-V');
  if (isThere || process.env.CI === 'true') {
    describe(name, tests);
    return;
  }
  // Skipped where root's rights, network namespaces, nft or arping are missing; in CI it runs, and fails.
  describe.skip(named(name, 'network namespaces need root, iproute2, nftables and arping'), tests);
}

/** Whoever reads the runner's summary sees why. */
function named(name: string, why: string): string {
  return `${name} (skipped: ${why}; see .ci/engines)`;
}
