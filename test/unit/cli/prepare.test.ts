import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';

const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as {
  readonly scripts: { readonly prepare: string };
};
const folder = mkdtempSync(join(tmpdir(), 'foreshift-prepare-'));
writeExecutable('npm', 'echo built');

afterAll(() => {
  rmSync(folder, { recursive: true });
});

function writeExecutable(path: string, text: string): void {
  writeFileSync(join(folder, path), `#!/bin/sh\n${text}\n`);
  chmodSync(join(folder, path), 0o755);
}

/** What npm does as it prepares the package for a command of its own. */
function prepared(command: string): string {
  const env = { PATH: `${folder}:${process.env.PATH ?? ''}`, npm_command: command };
  return spawnSync('sh', ['-c', scripts.prepare], { cwd: folder, env, encoding: 'utf8' }).stdout;
}

describe('the package, prepared by npm', () => {
  it('is built by npm ci, and by the first npx if it is not there', () => {
    expect(prepared('ci')).toBe('built\n');
    expect(prepared('exec')).toBe('built\n');
  });

  it('is not built again by the first npx, which would say nothing meanwhile, and take away what runs', () => {
    mkdirSync(join(folder, 'dist/cli'), { recursive: true });
    writeExecutable('dist/cli/main.js', '');
    expect(prepared('exec')).toBe('');
    expect(prepared('ci')).toBe('built\n');
    expect(prepared('install')).toBe('built\n');
  });
});
