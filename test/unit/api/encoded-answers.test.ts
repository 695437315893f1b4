import { describe, expect, it } from '@jest/globals';
import { Dated, EncodedAnswers } from '../../../api/encoded-answers.js';

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

  it('that are the same but for their moment share the text of the rest', () => {
    const encoded = new EncodedAnswers();
    let texts = 0;
    const counted = { a: 1, toJSON: () => ({ a: (texts += 1) }) };
    const first = encoded.of(new Dated(5, counted), false).bytes.toString();
    const second = encoded.of(new Dated(6, counted), false).bytes.toString();
    expect([first, second]).toEqual(['{"nowMs":5,"a":1}', '{"nowMs":6,"a":1}']);
    expect(JSON.stringify(new Dated(5, { a: 1 }))).toBe(first);
  });
});
