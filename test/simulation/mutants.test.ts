import { readFile } from 'node:fs/promises';
import { describe, expect, it } from '@jest/globals';
import { productFolder } from '../../cli/product.js';
import { MUTANTS } from './mutants/all.js';
import { runMutants } from './mutants/caught.js';
import { mutated } from './mutants/mutant.js';

describe('mutants', () => {
  it('have names of their own', () => {
    expect(new Set(MUTANTS.map(({ name }) => name)).size).toBe(MUTANTS.length);
  });

  it.each(MUTANTS)('$name: fits the code', async (mutant) => {
    const source = await readFile(`${productFolder}dist/${mutant.file}`, 'utf8');
    expect(mutated(source, mutant)).not.toBe(source);
  });

  it('are noticed by seeds that notice nothing without them', async () => {
    expect(await runMutants('--unplanted')).toBe('');
  });
});
