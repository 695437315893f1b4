import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** What each test of libiscsi's conformance suite comes to at that unit, by its full name. @param suites `SCSI.Prout*` */
export async function verdictsOf(
  url: string,
  suites: readonly string[],
): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (const suite of suites) {
    // It fails if any test does.
    const { stdout } = await run('iscsi-test-cu', ['-d', '-f', '-t', suite, url], {
      maxBuffer: 64 << 20,
    }).catch((error: unknown) => error as { readonly stdout: string });
    for (const [name, verdict] of verdictsIn(stdout)) found.set(name, verdict);
  }
  return found;
}

function verdictsIn(stdout: string): Map<string, string> {
  const found = new Map<string, string>();
  let suite = '';
  let test = '';
  for (const line of stdout.split('\n')) {
    suite = /^Suite: (\S+)/.exec(line)?.[1] ?? suite;
    test = /^ +Test: (\S+) \.\.\./.exec(line)?.[1] ?? test;
    // What it has to say of the test may stand before it, over several lines.
    const verdict = /(passed|FAILED)$/.exec(line.trimEnd())?.[1];
    if (verdict !== undefined && test !== '') found.set(`${suite}.${test}`, verdict);
  }
  return found;
}
