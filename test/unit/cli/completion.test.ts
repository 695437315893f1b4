import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { bashCompletion } from '../../../cli/completion.js';
import { GLOBAL_OPTIONS } from '../../../cli/global-options.js';
import type { Verb } from '../../../cli/verb.js';
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

/** Every verb with a path of its own, and what it has. */
function paths(verbs: readonly Verb[], before: readonly string[] = []): [string[], Verb][] {
  return verbs.flatMap((verb) => {
    const path = [...before, verb.usage.split(' ')[0] ?? ''];
    return [[path, verb] as [string[], Verb], ...paths(verb.verbs ?? [], path)];
  });
}

const ALL = paths(VERBS);
const nameOf = (flags: string): string => /--[a-z-]+/.exec(flags)?.[0] ?? '';
const flagsOf = ({ options = [] }: Verb): string[] => options.map(([flags]) => flags);

describe('completion of bash, by the table of verbs', () => {
  it('offers every verb, and every verb of a verb', () => {
    expect(offered('')).toEqual(
      expect.arrayContaining(VERBS.map(({ usage }) => usage.split(' ')[0])),
    );
    for (const [path, { verbs }] of ALL.filter(([, verb]) => verb.verbs !== undefined)) {
      expect(offered(...path, '')).toEqual(
        expect.arrayContaining((verbs ?? []).map(({ usage }) => usage.split(' ')[0])),
      );
    }
  });

  it('offers every option of every verb, and those of all', () => {
    for (const [path, verb] of ALL) {
      const common = GLOBAL_OPTIONS.map(([flags]) => flags);
      const names = [...flagsOf(verb), ...common, '--help'].map(nameOf);
      expect([path, offered(...path, '--').sort()]).toEqual([path, names.sort()]);
    }
  });

  it('offers after an option what its value may be: words, files, or nothing where it may be anything', () => {
    for (const [path, verb] of ALL) {
      for (const flags of flagsOf(verb).filter((each) => each.includes('<'))) {
        const name = nameOf(flags);
        const words = [
          ...(verb.choices?.[name] ?? []),
          ...(/<([^>]*\|[^>]*)>/.exec(flags)?.[1]?.split('|') ?? []),
        ].filter((word) => word !== 'file');
        const files = /<[^>]*(file|folder)/.test(flags) ? ['script', 'trace.csv'] : [];
        const found = offered(...path, name, '');
        expect([path, name, found.sort()]).toEqual([path, name, [...words, ...files].sort()]);
      }
    }
  });

  it('offers what an argument may be, as long as there is none', () => {
    for (const [path, verb] of ALL) {
      const argument = /[<[]([a-z]+)/.exec(verb.usage)?.[1] ?? '';
      const words = verb.choices?.[argument];
      if (words === undefined) continue;
      expect(offered(...path, '').slice(0, words.length)).toEqual(words);
      expect(offered(...path, words[0] ?? '', '')).not.toContain(words[1]);
    }
    expect(offered('mode', 'o')).toEqual(['observe']);
    expect(offered('mode', '--reason', 'auto', 'o')).toEqual(['observe']);
  });

  it('offers after schema the verbs, and theirs', () => {
    expect(offered('schema', 'dr')).toEqual(['drain']);
    expect(offered('schema', 'config', '').slice(0, 3)).toEqual(['check', 'print', 'schema']);
  });

  it('knows a value behind an equals sign, and the last of a list', () => {
    expect(offered('top', '--sort', '=', 'c')).toEqual(['cpu']);
    expect(offered('top', '--sort', '=')).toEqual(offered('top', '--sort', ''));
    expect(offered('replay', 'trace.csv', '--policy', 'static,or')).toEqual(['static,oracle']);
  });

  it('has all words that an option is checked against', () => {
    const sources = readdirSync('cli', { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts') && file !== 'verb.ts')
      .map((file) => readFileSync(join('cli', file), 'utf8'));
    const checked = sources.flatMap((source) =>
      [...source.matchAll(/choiceOption\(options, '([a-z-]+)'/g)].map(([, name]) => `--${name}`),
    );
    expect(checked.length).toBeGreaterThan(5);
    for (const [path, verb] of ALL) {
      for (const flags of flagsOf(verb)) {
        if (!checked.includes(nameOf(flags)) || flags.includes('|')) continue;
        expect([path, verb.choices?.[nameOf(flags)]]).toEqual([path, expect.anything()]);
      }
    }
  });
});
