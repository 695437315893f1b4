// Names each test that was left out, with the reason that installed.ts wrote into its name. Of more than one file Jest's own
// reporters say how many those were, and no more.
import { relative } from 'node:path';

const REASON = / \(skipped: (.+)\)$/;

/** A reporter, of which Jest asks what it prints at the end. */
export default class LeftOut {
  #rootDir;
  #wanted;

  /** What `-t` did not ask for is not missing. */
  constructor({ rootDir, testNamePattern }) {
    this.#rootDir = rootDir;
    this.#wanted = new RegExp(testNamePattern || '', 'i');
  }

  onRunComplete(_contexts, { testResults }) {
    const lines = testResults.flatMap(({ testFilePath, testResults: tests }) =>
      tests
        .filter((test) => isLeftOut(test) && this.#wanted.test(test.fullName))
        .map((test) => `  ${relative(this.#rootDir, testFilePath)}: ${lineOf(test)}\n`),
    );
    if (lines.length === 0) return;
    process.stderr.write(`\nLeft out (see .ci for what is missing):\n${lines.sort().join('')}`);
  }
}

function isLeftOut({ status }) {
  return status !== 'passed' && status !== 'failed';
}

function lineOf({ ancestorTitles, title }) {
  const titles = [...ancestorTitles, title];
  const reasons = titles.flatMap((name) => REASON.exec(name)?.[1] ?? []);
  const names = titles.map((name) => name.replace(REASON, ''));
  return `${names.join(' ')}: ${reasons.join(', ') || 'no reason given'}`;
}
