import { describe, expect, it } from '@jest/globals';
import { runProgram } from '../../../cli/program.js';
import type { Terminal } from '../../../cli/terminal.js';
import { styleOf } from '../../../cli/terminal.js';
import type { Verb } from '../../../cli/verb.js';
import { VERBS } from '../../../cli/verbs/all.js';

/** Writes down what is said. */
class Recorder implements Terminal {
  readonly style = styleOf(false);
  readonly isInteractive = false;
  readonly columns = 80;
  readonly printed: string[] = [];
  readonly said: string[] = [];

  print(text: string): void {
    this.printed.push(text);
  }

  say(text: string): void {
    this.said.push(text);
  }

  progress(): void {
    // nobody watches
  }

  ask(): Promise<string> {
    return Promise.resolve('');
  }
}

async function run(...args: string[]) {
  const terminal = new Recorder();
  const exit = await runProgram(args, {
    version: '1.2.3',
    verbs: VERBS,
    makeTerminal: () => terminal,
  });
  return { exit, printed: terminal.printed.join('\n'), said: terminal.said.join('\n') };
}

function wordsOf(verb: Verb, before: readonly string[] = []): string[][] {
  const words = [...before, verb.usage.split(' ')[0] ?? ''];
  return [words, ...(verb.verbs ?? []).flatMap((inner) => wordsOf(inner, words))];
}

describe('the program', () => {
  it.each(VERBS.flatMap((verb) => wordsOf(verb)).map((words) => [words.join(' '), words] as const))(
    '%s explains itself',
    async (_name, words) => {
      const { exit, printed } = await run(...words, '--help');
      expect(exit).toBe(0);
      expect(printed).toContain(`Usage: foreshift ${words.join(' ')}`);
    },
  );

  it.each(
    VERBS.filter(({ run: act }) => act !== undefined).map((verb) => [verb.usage, verb] as const),
  )('%s can be asked for JSON', async (_name, verb) => {
    const { printed } = await run(verb.usage.split(' ')[0] ?? '', '--help');
    expect(printed).toContain('--json');
  });

  it('lists every verb, and tells its version', async () => {
    const { printed } = await run('--help');
    for (const { usage, summary } of VERBS) {
      expect(printed).toContain(usage.split(' ')[0]);
      expect(printed).toContain(summary.slice(0, 20));
    }
    expect((await run('--version')).printed).toBe('1.2.3');
  });

  it('takes wrong use for wrong use', async () => {
    expect((await run('fly')).exit).toBe(64);
    expect((await run('status', '--bogus')).exit).toBe(64);
    expect((await run('drain')).exit).toBe(64);
  });
});
