/* Elements made of text and of each other; nothing is ever parsed as HTML, so a name is only a name. */

type Attributes = Readonly<Record<string, string>>;

export function element(
  name: string,
  attributes: Attributes = {},
  ...children: readonly (Node | string)[]
): HTMLElement {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

const SVG = 'http://www.w3.org/2000/svg';

export function drawing(
  name: string,
  attributes: Attributes,
  ...children: readonly Node[]
): SVGElement {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

export function byId(id: string): HTMLElement {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`the page has no ${id}`);
  return found;
}

export interface Cell {
  readonly text: string;
  readonly kind?: 'number' | 'bad' | 'quiet';
}

/** Fills a table; an empty one says so in a sentence. */
export function fillTable(
  table: HTMLElement,
  titles: readonly string[],
  rows: readonly (readonly (Cell | string)[])[],
  whenEmpty: string,
): void {
  if (rows.length === 0) {
    table.replaceChildren(element('tbody', {}, element('tr', {}, element('td', {}, whenEmpty))));
    return;
  }
  const heads = titles.map((title, column) => {
    const isNumber = rows.some((row) => isNumeric(row[column]));
    return element('th', { scope: 'col', ...(isNumber ? { class: 'number' } : {}) }, title);
  });
  const lines = rows.map((row) => element('tr', {}, ...row.map(cellElement)));
  table.replaceChildren(
    element('thead', {}, element('tr', {}, ...heads)),
    element('tbody', {}, ...lines),
  );
}

function isNumeric(cell: Cell | string | undefined): boolean {
  return typeof cell === 'object' && cell.kind === 'number';
}

function cellElement(cell: Cell | string): HTMLElement {
  if (typeof cell === 'string') return element('td', {}, cell);
  return element('td', cell.kind === undefined ? {} : { class: cell.kind }, cell.text);
}
