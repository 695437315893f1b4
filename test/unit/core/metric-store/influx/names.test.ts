import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { nameOf, tagOf } from '../../../../../core/metric-store/influx/names.js';
import { fuzzRuns } from '../../../../support/fuzz.js';

describe('a name as a tag', () => {
  it.each([
    ['vol-7', 'vol-7'],
    ['a:b.c_D', 'a:b.c_D'],
    ['', '%'],
    ['%', '%0025'],
    ['a b', 'a%0020b'],
    ['\n', '%000A'],
    ['🦊', '%D83E%DD8A'],
    ['\ud800', '%D800'],
  ])('%j is %s', (name, tag) => {
    expect(tagOf(name)).toBe(tag);
    expect(nameOf(tag)).toBe(name);
  });

  it('has only characters that mean nothing anywhere, and is that of one name only', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (name) => {
        expect(tagOf(name)).toMatch(/^[A-Za-z0-9._:%-]+$/);
        expect(nameOf(tagOf(name))).toBe(name);
      }),
      fuzzRuns(10_000),
    );
  });

  it('is read strictly: what no name has is no tag of ours', () => {
    for (const tag of ['', 'a b', '%0', '%0061', '%000a', '%%', 'a%', 'é']) {
      expect(nameOf(tag)).toBeUndefined();
    }
  });

  it('is refused if it would be too long for the key of a series', () => {
    expect(() => tagOf('é'.repeat(8193))).toThrow(
      expect.objectContaining({ code: 'ERR_NAME_INVALID' }),
    );
    expect(tagOf('é'.repeat(8192)).length).toBeLessThan(65_535);
  });
});
