import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { bashCompletion } from '../../../cli/completion.js';
import { VERBS } from '../../../cli/verbs/all.js';

const folder = mkdtempSync(join(tmpdir(), 'foreshift-completion-'));
const script = join(folder, 'script');
writeFileSync(script, bashCompletion(VERBS));
writeFileSync(join(folder, 'trace.csv'), '');

afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** What a real bash offers after these words, the last of which is being typed. */
function offered(...words: readonly string[]): string[] {
  const typed = ['foreshift', ...words];
  const asked = `source "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _foreshift; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout, stderr } = spawnSync('bash', ['-c', asked, script, ...typed], {
    encoding: 'utf8',
    cwd: folder,
  });
  expect(stderr).toBe('');
  return stdout.split('\n').filter((line) => line !== '');
}

describe('completion of bash', () => {
  it('offers the verbs', () => {
    expect(offered('dr')).toEqual(['drain']);
    expect(offered('to')).toEqual(['top', 'token']);
    expect(offered('')).toEqual(expect.arrayContaining(['status', 'plan', 'doctor', 'completion']));
  });

  it('offers what follows a verb that has verbs of its own', () => {
    expect(offered('config', '').slice(0, 3)).toEqual(['check', 'print', 'schema']);
    expect(offered('config', 'pr')).toEqual(['print']);
  });

  it("offers a verb's options, and those that all have", () => {
    expect(offered('plan', '--det')).toEqual(['--detailed-exitcode']);
    expect(offered('top', '--so')).toEqual(['--sort']);
    expect(offered('status', '--js')).toEqual(['--json']);
    expect(offered('drain', 's1', '--rea')).toEqual(['--reason']);
  });

  it('offers files where one is meant', () => {
    expect(offered('replay', 'tr')).toEqual(['trace.csv']);
    expect(offered('status', '--config', 't')).toEqual(['trace.csv']);
  });
});
