import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import type { Verdict } from '../../../demo/verdict.js';
import { verdictOf } from '../../../demo/verdict.js';
import { temporaryDisk } from '../../support/temporary.js';

/** @param ledger what the clients wrote; @param journals what each server wrote */
async function judge(ledger: readonly string[], ...journals: string[][]): Promise<Verdict> {
  const { folder, dispose } = await temporaryDisk();
  const write = async (name: string, lines: readonly string[]): Promise<string> => {
    const file = join(folder, name);
    await writeFile(file, lines.map((line) => `${line}\n`).join(''));
    return file;
  };
  const files = journals.map((lines, index) => write(`journal-${index}`, lines));
  const verdict = await verdictOf(await write('clients', ledger), await Promise.all(files));
  await dispose();
  return verdict;
}

const CLEAN = { answered: 0, failed: 0, lost: 0, doubled: 0, foreign: 0, untrue: 0 };

describe('the verdict on what clients and servers wrote down', () => {
  it('is clean when each request was answered and ran once, wherever', async () => {
    const verdict = await judge(['r1 answered 200', 'r2 answered 200'], ['r1 a 1.2'], ['r2 a 1.9']);
    expect(verdict).toEqual({ ...CLEAN, answered: 2 });
  });

  it.each<[string, string[], string[][], Partial<Verdict>]>([
    ['answered and never ran', ['r1 answered 200'], [[]], { answered: 1, lost: 1 }],
    [
      'ran on two servers',
      ['r1 answered 200'],
      [['r1 a 1.2'], ['r1 a 1.9']],
      { answered: 1, doubled: 1 },
    ],
    [
      'ran twice on one',
      ['r1 answered 200'],
      [['r1 a 1.2', 'r1 a 1.2']],
      { answered: 1, doubled: 1 },
    ],
    ["got another one's answer", ['r1 foreign 200'], [['r1 a 1.2']], { failed: 1, foreign: 1 }],
    ['was said not to have run, and did', ['r1 no 503'], [['r1 a 1.2']], { failed: 1, untrue: 1 }],
    ['was said not to have run, and did not', ['r1 no 503'], [[]], { failed: 1 }],
    ['is not known to have run', ['r1 unknown 502'], [['r1 a 1.2']], { failed: 1 }],
  ])('sees a request that %s', async (_what, ledger, journals, expected) => {
    expect(await judge(ledger, ...journals)).toEqual({ ...CLEAN, ...expected });
  });
});
