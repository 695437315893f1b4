import { readFile } from 'node:fs/promises';
import { describe, expect, it } from '@jest/globals';
import { apiReference } from '../../../cli/api-reference.js';
import { configReference, errorReference, verbReference } from '../../../cli/reference.js';
import { productFolder } from '../../../cli/product.js';
import { VERBS } from '../../../cli/verbs/all.js';

describe('the reference', () => {
  it.each([
    ['docs/ERRORS.md', errorReference, 'errors'],
    ['docs/CONFIG.md', configReference, 'config'],
    ['docs/API.md', apiReference, 'api'],
    ['docs/VERBS.md', () => verbReference(VERBS), 'verbs'],
  ])('%s is what the code says (foreshift reference prints it)', async (file, page) => {
    expect(await readFile(`${productFolder}${file}`, 'utf8')).toBe(page());
  });
});
