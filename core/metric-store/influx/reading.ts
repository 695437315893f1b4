import type { Means } from '../means.js';
import type { Rows } from './answer.js';
import { numberOf } from './answer.js';
import { countOf } from './schema.js';
import type { Span } from './statements.js';
import type { Question, Wanted } from './wanted.js';

/** One question about one stretch of a panel. */
export interface Reading {
  readonly question: Question;
  readonly wanted: Wanted;
  readonly means: Means;
  readonly stretch: Span;
}

/** Each number of an answer whose columns are metrics and perhaps their counts (1 where there is none). */
export function visitCells(
  { tags, columns, values }: Rows,
  { subject, metrics }: Question,
  wanted: Wanted,
  visit: (row: number, timeMs: number, value: number, count: number) => void,
): void {
  const tag = tags[subject];
  for (const metric of metrics) {
    const row = wanted.rowOf(subject, tag, metric);
    const column = columns.indexOf(metric);
    if (row === undefined || column === -1) continue;
    const counts = columns.indexOf(countOf(metric));
    for (const cells of values) {
      const value = numberOf(cells[column]);
      const count = counts === -1 ? 1 : numberOf(cells[counts]);
      if (!Number.isNaN(value) && count > 0) visit(row, numberOf(cells[0]), value, count);
    }
  }
}
