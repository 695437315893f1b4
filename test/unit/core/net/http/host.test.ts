import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parseAuthority } from '../../../../../core/net/http/host.js';
import { fuzzRuns } from '../../../../support/fuzz.js';

describe('parseAuthority', () => {
  it.each([
    ['a', 'a', undefined],
    ['A.Example.', 'a.example', undefined],
    ['my_host-1:0', 'my_host-1', 0],
    ['127.0.0.1:65535', '127.0.0.1', 65535],
    ['[::1]', '::1', undefined],
    ['[::FFFF:10.0.0.1]:443', '::ffff:10.0.0.1', 443],
  ])('reads %s', (text, host, port) => {
    expect(parseAuthority(text)).toEqual({ text, host, port });
  });

  it('takes nothing in that could end a host or a line', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 12 }), (text) => {
        const authority = parseAuthority(text);
        return authority === undefined || /^[\w.:[\]-]+$/.test(authority.text);
      }),
      fuzzRuns(10_000),
    );
  });
});
