/** Columns of text, each as wide as its widest cell; numbers are set to the right. */
export interface Column {
  readonly title: string;
  readonly align?: 'left' | 'right';
}

const STYLES = /\u001b\[\d+m/g;

export function textTable(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
): string {
  const widths = columns.map(({ title }, at) =>
    Math.max(title.length, ...rows.map((row) => widthOf(row[at] ?? ''))),
  );
  const line = (cells: readonly string[]): string =>
    columns
      .map(({ align }, at) => padded(cells[at] ?? '', widths[at] ?? 0, align))
      .join('  ')
      .trimEnd();
  return [line(columns.map(({ title }) => title)), ...rows.map(line)].join('\n');
}

function padded(text: string, width: number, align: Column['align'] = 'left'): string {
  const room = ' '.repeat(Math.max(0, width - widthOf(text)));
  return align === 'right' ? room + text : text + room;
}

/** What fits into so many columns; styles that were begun are ended. */
export function cutTo(line: string, width: number): string {
  let left = width;
  return line
    .split(/(\u001b\[\d+m)/)
    .map((piece, at) => {
      if (at % 2 === 1) return piece;
      const shown = piece.slice(0, left);
      left -= shown.length;
      return shown;
    })
    .join('');
}

function widthOf(text: string): number {
  return text.replaceAll(STYLES, '').length;
}
