import { describe, it } from '@jest/globals';
import { spawnSync } from 'node:child_process';

/** `it` or `describe`. */
interface Block<Rest extends readonly unknown[]> {
  (name: string, ...rest: Rest): void;
  skip(name: string, ...rest: Rest): void;
}

/** What `it` or `describe` is where something of the system may be missing. */
type MayBeSkipped<Rest extends readonly unknown[]> = (name: string, ...rest: Rest) => void;

/**
 * `it` for a test that needs a program of the system. Without the program the test is skipped, and its name says why; in CI,
 * where `.ci/engines` has installed it, or `.ci/fio` built it, it runs and fails.
 */
export function itWith(
  program: string,
): MayBeSkipped<[test: () => Promise<void>, timeoutMs?: number]> {
  return unlessMissing(it, hasProgram(program), `${program} is not installed`);
}

/** The same for a whole suite. */
export function describeWith(program: string): MayBeSkipped<[tests: () => void]> {
  return unlessMissing(describe, hasProgram(program), `${program} is not installed`);
}

/** For a suite that makes networks of its own: as root, on Linux, with namespaces, and the programs that work on them. */
export function describeWithNetwork(name: string, tests: () => void): void {
  const probe = `foreshift-probe-${process.pid}`;
  const made = spawnSync('ip', ['netns', 'add', probe], { stdio: 'ignore' });
  if (made.status === 0) spawnSync('ip', ['netns', 'del', probe], { stdio: 'ignore' });
  const isThere = made.status === 0 && hasProgram('nft') && hasProgram('arping', '-V');
  const missing = 'network namespaces need root, iproute2, nftables and arping';
  unlessMissing(describe, isThere, missing)(name, tests);
}

/** The same for a test that asks for more of this machine than a program. */
export function itWhere(
  isThere: boolean,
  missing: string,
): MayBeSkipped<[test: () => Promise<void>, timeoutMs?: number]> {
  return unlessMissing(it, isThere, missing);
}

/** The name says what is missing here; left-out.js reads it there for whoever reads the runner's summary. */
function unlessMissing<Rest extends readonly unknown[]>(
  block: Block<Rest>,
  isThere: boolean,
  missing: string,
): MayBeSkipped<Rest> {
  if (isThere || process.env.CI === 'true') return block;
  return (name, ...rest) => {
    block.skip(`${name} (skipped: ${missing})`, ...rest); // only where it is missing: in CI it runs, and fails
  };
}

function hasProgram(program: string, question = '--version'): boolean {
  return spawnSync(program, [question], { stdio: 'ignore' }).error === undefined;
}
