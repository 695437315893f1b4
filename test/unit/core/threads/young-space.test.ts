import { execFileSync } from 'node:child_process';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { productFolder } from '../../../../cli/product.js';

const MODULE = pathToFileURL(`${productFolder}dist/core/threads/young-space.js`).href;

/** The space for what is new after much was made of which a part lasts, in MB. */
function youngMb(first: string): number {
  const script = `
    import { getHeapSpaceStatistics } from 'node:v8';
    ${first}
    const lasting = [];
    for (let made = 0; made < 1e6; made++) lasting[made % 50_000] = { made, list: [made] };
    const { space_size } = getHeapSpaceStatistics().find((one) => one.space_name === 'new_space');
    console.log(space_size / (1 << 20));`;
  const args = ['--input-type=module', '--eval', script];
  return Number(execFileSync(process.execPath, args, { encoding: 'utf8' }));
}

describe('the space for what is new', () => {
  it('grows, unless it is to stay small', () => {
    const small = youngMb(
      `import { keepYoungSpaceSmall } from '${MODULE}'; keepYoungSpaceSmall();`,
    );
    expect(small).toBeLessThanOrEqual(4);
    expect(youngMb('')).toBeGreaterThan(2 * small);
  });
});
