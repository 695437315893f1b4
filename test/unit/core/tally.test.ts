import { expect, it } from '@jest/globals';
import { Tally } from '../../../core/tally.js';

it('counts how many there are of each, and forgets those of which there is none', () => {
  const tally = new Tally<string>();
  tally.add('a');
  tally.add('a');
  tally.add('b');
  tally.remove('b');
  expect(tally.of('a')).toBe(2);
  expect(tally.of('b')).toBe(0);
  expect([...tally.entries()]).toEqual([['a', 2]]);
});
