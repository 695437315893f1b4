import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, describe, expect, it } from '@jest/globals';
import { codeName } from '../../support/code-name.js';

const MODULES = {
  'runs/entry.js': "import { a } from '../a.js';\nexport const run = a;\n",
  'a.js': "export * from './runs/b.js';\nimport fs from 'node:fs';\n",
  'runs/b.js': "import '../a.js';\nexport const a = 1;\n",
  'other.js': 'export const other = 1;\n',
};

describe('the name of the code behind a module', () => {
  const folders: string[] = [];

  afterEach(() => {
    for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
  });

  function nameWith(changed: Record<string, string> = {}): string {
    const folder = mkdtempSync(join(tmpdir(), 'foreshift-test-'));
    folders.push(folder);
    mkdirSync(join(folder, 'runs'));
    for (const [path, text] of Object.entries({ ...MODULES, ...changed }))
      writeFileSync(join(folder, path), text);
    return codeName(pathToFileURL(join(folder, 'runs/entry.js')));
  }

  it('is the same in every folder', () => {
    expect(nameWith()).toBe(nameWith());
  });

  it('changes with any module that is imported, however far away', () => {
    expect(nameWith({ 'runs/b.js': "import '../a.js';\nexport const a = 2;\n" })).not.toBe(
      nameWith(),
    );
  });

  it('stays when what is not imported changes', () => {
    expect(nameWith({ 'other.js': 'export const other = 2;\n' })).toBe(nameWith());
  });
});
