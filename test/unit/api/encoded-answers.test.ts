import { describe, expect, it } from '@jest/globals';
import { EncodedAnswers } from '../../../api/encoded-answers.js';

describe('answers as JSON', () => {
  it('are made once of the same object, and tagged by their content', () => {
    const encoded = new EncodedAnswers();
    const answer = { a: 1 };
    const first = encoded.of(answer, true);
    expect(first.bytes.toString()).toBe('{"a":1}');
    expect(encoded.of(answer, true).bytes).toBe(first.bytes);
    expect(encoded.of({ a: 1 }, true)).toEqual(first);
    expect(encoded.of({ a: 2 }, true).tag).not.toBe(first.tag);
  });

  it('may be null, and have a tag only where one is wanted', () => {
    const encoded = new EncodedAnswers();
    expect(encoded.of(null, false)).toEqual({ bytes: Buffer.from('null'), tag: undefined });
    const answer = {};
    expect(encoded.of(answer, false).tag).toBeUndefined();
    expect(encoded.of(answer, true).tag).toMatch(/^"/);
  });
});
