import type { Column } from '../cli/text-table.js';

/** As prettier lays one out, so that a page keeps what is pasted into it. */
export function markdownTable(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
): string {
  const widths = columns.map(({ title }, at) =>
    Math.max(3, title.length, ...rows.map((row) => (row[at] ?? '').length)),
  );
  const line = (cells: readonly string[], filler = ' '): string => {
    const padded = columns.map(({ align }, at) => {
      const cell = cells[at] ?? '';
      const width = widths[at] ?? 0;
      return align === 'right' ? cell.padStart(width, filler) : cell.padEnd(width, filler);
    });
    return `| ${padded.join(' | ')} |`;
  };
  const rule = line(
    columns.map(({ align }) => (align === 'right' ? ':' : '')),
    '-',
  );
  return [line(columns.map(({ title }) => title)), rule, ...rows.map((row) => line(row))].join(
    '\n',
  );
}

/** The first column is words, the others are numbers. */
export function numberColumns(first: string, ...rest: readonly string[]): Column[] {
  return [{ title: first }, ...rest.map((title) => ({ title, align: 'right' as const }))];
}
