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

function widthOf(text: string): number {
  return text.replaceAll(STYLES, '').length;
}
