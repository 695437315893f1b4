import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, describe, expect, it } from '@jest/globals';
import { productFolder } from '../../../cli/product.js';

/* Jest itself, with the reporters of our configuration, over test files that leave something out or do not. */

const JEST = ['--experimental-vm-modules', `${productFolder}node_modules/jest/bin/jest.js`];
const INSTALLED = `import { describeWith, itWhere, itWith } from '${productFolder}dist/test/support/installed.js';\n`;
const FILES = {
  whole: `${INSTALLED} it('runs', () => undefined);`,
  part: `${INSTALLED}
    it('runs', () => undefined);
    describe('of some', () => {
      itWith('no-such-program')('is left out', () => Promise.reject(new Error('it ran')));
      itWhere(false, 'the moon (ours) is down')('waits', () => undefined);
    });
    it.skip('is silent', () => undefined);`,
  none: `${INSTALLED} describeWith('no-such-engine')('a suite', () => { it('rests', () => undefined); });`,
};

describe('what is printed of tests that were left out', () => {
  const folders: string[] = [];

  afterEach(async () => {
    for (const folder of folders.splice(0)) await rm(folder, { recursive: true });
  });

  async function printed(
    names: readonly (keyof typeof FILES)[],
    args: readonly string[] = [],
  ): Promise<string> {
    const folder = await mkdtemp(join(tmpdir(), 'foreshift-test-'));
    folders.push(folder);
    for (const name of names) await writeFile(join(folder, `${name}.test.mjs`), FILES[name]);
    const { default: config } = (await import(`${productFolder}jest.config.js`)) as {
      readonly default: { readonly reporters: readonly string[] };
    };
    const reporters = config.reporters.map((name) => name.replace('<rootDir>/', productFolder));
    const own = { rootDir: folder, testMatch: ['**/*.test.mjs'], transform: {}, reporters };
    const env = { ...process.env, CI: 'false' };
    const run = promisify(execFile);
    const all = [...JEST, '--config', JSON.stringify(own), ...args];
    return (await run(process.execPath, all, { env })).stderr;
  }

  it('is each by its name, with its reason, and the summary of the runner last', async () => {
    const text = await printed(['whole', 'part', 'none']);
    const [, list = ''] = text.split(/^Left out.*:\n/m);
    expect(list.split('\n').slice(0, 6)).toEqual([
      '  none.test.mjs: a suite rests: no-such-engine is not installed',
      '  part.test.mjs: is silent: no reason given',
      '  part.test.mjs: of some is left out: no-such-program is not installed',
      '  part.test.mjs: of some waits: the moon (ours) is down',
      '',
      expect.stringMatching(/^Test Suites: /),
    ]);
    expect(list).toMatch(/^Tests: +4 skipped, 2 passed, 6 total$/m);
  });

  it('is nothing if there is none', async () => {
    const text = await printed(['whole']);
    expect(text).toMatch(/^Tests: +1 passed, 1 total$/m);
    expect(text).not.toContain('Left out');
  });

  it('has nothing that was not asked for', async () => {
    const text = await printed(['whole', 'part', 'none'], ['-t', 'a SUITE|runs']);
    const [, list = ''] = text.split(/^Left out.*:\n/m);
    expect(list.split('\n').slice(0, 2)).toEqual([
      '  none.test.mjs: a suite rests: no-such-engine is not installed',
      '',
    ]);
  });
});
