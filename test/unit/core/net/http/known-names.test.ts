import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { latin1Bytes } from '../../../../../core/net/http/bytes.js';
import { TOKEN } from '../../../../../core/net/http/characters.js';
import { nameAt } from '../../../../../core/net/http/known-names.js';
import { fuzzRuns } from '../../../../support/fuzz.js';

const TOKENS = [...TOKEN.keys()]
  .filter((code) => TOKEN[code] === 1)
  .map((code) => String.fromCharCode(code));
const KNOWN = [
  'host',
  'content-length',
  'transfer-encoding',
  'sec-ch-ua-mobile',
  'te',
  'x-request-id',
];

/** Any token, or one that is known but for a character and the case. */
const name = fc.oneof(
  fc.string({ unit: fc.constantFrom(...TOKENS), minLength: 1, maxLength: 40 }),
  fc
    .tuple(fc.constantFrom(...KNOWN), fc.nat(40), fc.constantFrom(...TOKENS), fc.boolean())
    .map(([known, at, character, isUpper]) => {
      const text = isUpper ? known.toUpperCase() : known;
      return at < text.length ? text.slice(0, at) + character + text.slice(at + 1) : text;
    }),
);

describe('the name of a field', () => {
  it('is the token in lower case, known or not', () => {
    fc.assert(
      fc.property(name, fc.nat(3), (token, before) => {
        const text = `${' '.repeat(before)}${token}: v`;
        const found = nameAt({ bytes: latin1Bytes(text), text }, before, before + token.length);
        expect(found).toBe(token.toLowerCase());
      }),
      fuzzRuns(20_000),
    );
  });
});
