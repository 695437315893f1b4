import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { lineHead, lineOf } from '../../../../../core/metric-store/influx/line.js';
import { fuzzRuns } from '../../../../support/fuzz.js';

describe('a line', () => {
  it('has measurement, tags, fields and time', () => {
    const head = lineHead('resource_load', [['resource', 'vol-7']]);
    expect(lineOf(head, { cpu: 1.5, hits: 2 }, 1_700_000_000_000)).toBe(
      'resource_load,resource=vol-7 cpu=1.5,hits=2 1700000000000',
    );
    expect(lineOf(lineHead('note'), { text: 'a "b" \\c' }, 12n)).toBe(
      String.raw`note text="a \"b\" \\c" 12`,
    );
    expect(lineOf('m', { count: 3n }, 0)).toBe('m count=3i 0');
  });

  it('is never made of what is no number, has no field or no whole time', () => {
    for (const value of [NaN, Infinity, -Infinity]) {
      expect(() => lineOf('m', { value }, 0)).toThrow('finite');
    }
    expect(() => lineOf('m', {}, 0)).toThrow('a field');
    for (const time of [NaN, 0.5, 1e300]) expect(() => lineOf('m', { value: 1 }, time)).toThrow();
  });

  it('says any text so that it ends where it ends', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const quoted = /^m text="((?:[^"\\]|\\["\\])*)" 7$/su.exec(lineOf('m', { text }, 7))?.[1];
        expect(quoted?.replaceAll(/\\(["\\])/g, '$1')).toBe(text);
      }),
      fuzzRuns(10_000),
    );
  });

  it('says any number so that it is read back', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        const read = Number(/^m value=(\S+) 7$/.exec(lineOf('m', { value }, 7))?.[1]);
        expect(read === value).toBe(true);
      }),
      fuzzRuns(10_000),
    );
  });
});
