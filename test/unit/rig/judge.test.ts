import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { judge } from '../../rig/judge.js';
import type { Entry, Told } from '../../rig/traffic.js';

/* Who judges must find what is planted, and nothing else. */

describe('the judge of a rig', () => {
  let folder = '';

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'foreshift-judge-'));
  });

  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  const told = (id: string, what: Told, isIdempotent = false): Entry => ({
    id,
    resource: 'vol-1',
    isIdempotent,
    told: what,
    status: what === 'answered' ? 200 : 503,
  });

  /** Lines of one or more servers' journals: `id since stamp server`. */
  async function violations(entries: readonly Entry[], ...journals: string[][]): Promise<string[]> {
    const files = journals.map((lines, number) => {
      const file = join(folder, `journal-${number}`);
      const text = lines.map((line) => {
        const [id = '', since = '', stamp = '', server = ''] = line.split(' ');
        return `${id} vol-1 ${since} ${stamp} ${server}\n`;
      });
      writeFileSync(file, text.join(''));
      return file;
    });
    return [...(await judge(entries, files)).violations];
  }

  it('finds nothing where each request ran once or is told as it was', async () => {
    const entries = [
      told('a', 'answered'),
      told('b', 'not-executed'),
      told('c', 'unknown'),
      told('d', 'broken'),
      told('e', 'answered', true),
    ];
    const first = ['a 1.1 10 s1', 'd 1.1 11 s1', 'e 1.1 12 s1'];
    expect(await violations(entries, first, ['e 1.2 20 s2'])).toEqual([]);
  });

  it.each<[string, Entry, string[], string]>([
    ['an answer that nobody gave', told('a', 'answered'), [], 'never ran'],
    ['another answer', told('a', 'foreign'), ['a 1.1 1 s1'], 'another request'],
    ['a lie', told('a', 'not-executed'), ['a 1.1 1 s1'], 'told as not executed'],
    ['a second run', told('a', 'answered'), ['a 1.1 1 s1', 'a 1.1 2 s1'], 'ran again'],
    ['a second run of one that broke', told('a', 'broken'), ['a 1.1 1 s1', 'a 1.1 2 s1'], 'again'],
    ['an error without a word', told('a', 'silent'), [], 'does not say'],
  ])('finds %s', async (_, entry, lines, words) => {
    expect(await violations([entry], lines)).toEqual([expect.stringContaining(words)]);
  });

  it('finds what ran at a former owner after the newer one had begun, whoever wrote it down first', async () => {
    const entries = ['a', 'b', 'c'].map((id) => told(id, 'answered'));
    const [older, newer] = [['a 1.1 10 s1', 'c 1.1 30 s1'], ['b 1.2 20 s2']];
    const found = [expect.stringContaining('after a newer owner had begun: c for vol-1 at s1')];
    expect(await violations(entries, older, newer)).toEqual(found);
    expect(await violations(entries, newer, older)).toEqual(found);
  });

  it('counts what it finds, and reads no torn line', async () => {
    const entries = ['a', 'b'].map((id) => told(id, 'answered'));
    const file = join(folder, 'journal');
    writeFileSync(file, 'a vol-1 1.1 12');
    const { violations: found } = await judge(entries, [file]);
    expect(found).toEqual([expect.stringMatching(/^2 × answered, and never ran: a /)]);
  });
});
