import { describe, expect, it } from '@jest/globals';
import type { Verb } from '../../../cli/verb.js';
import { VERBS } from '../../../cli/verbs/all.js';
import { runRecorded } from '../../support/recorder.js';

function wordsOf(verb: Verb, before: readonly string[] = []): string[][] {
  const words = [...before, verb.usage.split(' ')[0] ?? ''];
  return [words, ...(verb.verbs ?? []).flatMap((inner) => wordsOf(inner, words))];
}

describe('the program', () => {
  it.each(VERBS.flatMap((verb) => wordsOf(verb)).map((words) => [words.join(' '), words] as const))(
    '%s explains itself',
    async (_name, words) => {
      const { exit, printed } = await runRecorded(...words, '--help');
      expect(exit).toBe(0);
      expect(printed).toContain(`Usage: foreshift ${words.join(' ')}`);
    },
  );

  it.each(
    VERBS.filter(({ run: act }) => act !== undefined).map((verb) => [verb.usage, verb] as const),
  )('%s can be asked for JSON', async (_name, verb) => {
    const { printed } = await runRecorded(verb.usage.split(' ')[0] ?? '', '--help');
    expect(printed).toContain('--json');
  });

  it('lists every verb, and tells its version', async () => {
    const { printed } = await runRecorded('--help');
    for (const { usage, summary } of VERBS) {
      expect(printed).toContain(usage.split(' ')[0]);
      expect(printed).toContain(summary.slice(0, 20));
    }
    expect((await runRecorded('--version')).printed).toBe('1.2.3');
  });

  it('takes wrong use for wrong use', async () => {
    expect((await runRecorded('fly')).exit).toBe(64);
    expect((await runRecorded('status', '--bogus')).exit).toBe(64);
    expect((await runRecorded('drain')).exit).toBe(64);
  });
});
