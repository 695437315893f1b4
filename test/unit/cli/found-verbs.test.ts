import { describe, expect, it } from '@jest/globals';
import { VERBS } from '../../../cli/verbs/all.js';
import { verbsFor } from '../../../cli/verbs/found.js';

/** These tell of all verbs. */
const ABOUT_VERBS = new Set(['reference', 'schema', 'completion']);
const words = VERBS.map(({ usage }) => usage.split(' ')[0] ?? '');

describe('the verbs that a command line may mean', () => {
  it.each(words.filter((word) => !ABOUT_VERBS.has(word)))('of %s are that one', async (word) => {
    const found = await verbsFor([word, '--json', 'status']);
    expect(found).toEqual(VERBS.filter((_verb, at) => words[at] === word));
  });

  it.each([...ABOUT_VERBS, 'help', '--help', 'statsu', 'constructor'])(
    'of %s are all',
    async (word) => {
      expect(await verbsFor([word])).toBe(VERBS);
    },
  );

  it('of nothing are all, and of the version none', async () => {
    expect(await verbsFor([])).toBe(VERBS);
    expect(await verbsFor(['--version'])).toEqual([]);
  });
});
