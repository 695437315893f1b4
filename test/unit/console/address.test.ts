import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  PAGES,
  at,
  choiceIn,
  formatAddress,
  parseAddress,
  withQuery,
} from '../../../console/frame/address.js';

describe('an address of the console', () => {
  it('holds page, subject and what was chosen, and comes back from its text as it was', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...PAGES),
        fc.array(fc.string({ minLength: 1 }), { maxLength: 3 }),
        fc.dictionary(fc.string({ minLength: 1 }), fc.string()),
        (page, parts, query) => {
          const address = at(page, parts, query);
          const again = parseAddress(formatAddress(address));
          expect({ ...again, query: { ...again.query } }).toEqual({
            ...address,
            query: { ...query },
          });
        },
      ),
    );
  });

  it('leads to the first page where there is none such', () => {
    for (const hash of ['', '#', '#/', '#/nowhere/x?y=1', '#%zz', '#/../..']) {
      expect(parseAddress(hash)).toEqual(at('cluster'));
    }
  });

  it('keeps what cannot be decoded as it stands', () => {
    expect(parseAddress('#/explain/resource/%zz').parts).toEqual(['resource', '%zz']);
  });

  it('loses what is taken away of its query', () => {
    const address = at('plan', ['42'], { without: 'a', all: 'yes' });
    expect(withQuery(address, { without: undefined, find: 's1' }).query).toEqual({
      all: 'yes',
      find: 's1',
    });
  });

  it('gives one of what is allowed', () => {
    const metrics = ['cpu', 'memory'] as const;
    expect(choiceIn(at('cluster', [], { metric: 'memory' }), 'metric', metrics, 'cpu')).toBe(
      'memory',
    );
    expect(choiceIn(at('cluster', [], { metric: 'souls' }), 'metric', metrics, 'cpu')).toBe('cpu');
  });
});
