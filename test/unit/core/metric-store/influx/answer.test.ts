import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { AnswerFault, partsOf } from '../../../../../core/metric-store/influx/answer.js';
import { fuzzRuns } from '../../../../support/fuzz.js';

function read(text: string) {
  return [...partsOf(Buffer.from(text))].flat();
}

function part(values: unknown[][], more: object = {}): string {
  const series = [{ name: 'm', tags: { server: 's1' }, columns: ['time', 'cpu'], values }];
  return `${JSON.stringify({ results: [{ statement_id: 0, series, ...more }] })}\n`;
}

describe('an answer', () => {
  it('is the rows of all its parts, in their order', () => {
    const text = part([[1, 0.5]], { partial: true }) + part([[2, null]]);
    expect(read(text)).toEqual([
      { tags: { server: 's1' }, columns: ['time', 'cpu'], values: [[1, 0.5]] },
      { tags: { server: 's1' }, columns: ['time', 'cpu'], values: [[2, null]] },
    ]);
    expect(read('{"results":[{"statement_id":0}]}')).toEqual([]);
  });

  it('that is cut off anywhere is no answer', () => {
    const text = part([[1, 0.5]], { partial: true }) + part([[2, 1]]).trimEnd();
    expect(read(text)).toHaveLength(2);
    for (let length = 0; length < text.length; length++) {
      expect(() => read(text.slice(0, length))).toThrow(AnswerFault);
    }
  });

  it('whatever it is, is rows or a fault', () => {
    const json = fc.json().map((text) => text.replaceAll('\n', ' '));
    const results = fc.jsonValue().map((value) => JSON.stringify({ results: value }));
    const series = fc.jsonValue().map((value) => JSON.stringify({ results: [{ series: value }] }));
    fc.assert(
      fc.property(fc.oneof(json, results, series, fc.string()), (text) => {
        try {
          for (const rows of read(text)) {
            expect(rows.values.every((row) => row.length === rows.columns.length)).toBe(true);
          }
        } catch (error) {
          expect(error).toBeInstanceOf(AnswerFault);
        }
      }),
      fuzzRuns(10_000),
    );
  });
});
