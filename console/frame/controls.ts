import type { Address } from './address.js';
import { formatAddress, withQuery } from './address.js';
import type { Sentence } from './sentences.js';
import type { Question, Sight } from './sight.js';
import type { Branch, Child } from './tree.js';
import { h } from './tree.js';

/* What pages are put together from: sentences, links, choices, tables, and the buttons that change something. */

export function sentence({ tone, text, next }: Sentence): Branch {
  return h(
    'p',
    { class: `sentence ${tone}`, role: tone === 'bad' ? 'alert' : undefined },
    text,
    next === undefined ? null : h('span', { class: 'next' }, ` ${next}`),
  );
}

export function sentences(all: readonly Sentence[]): Branch | null {
  return all.length === 0 ? null : h('div', { class: 'sentences' }, all.map(sentence));
}

export function link(address: Address, ...children: readonly Child[]): Branch {
  return h('a', { href: formatAddress(address) }, ...children);
}

/** A link that a key leads to: j and k go from one of them to the next. */
export function rowLink(address: Address, ...children: readonly Child[]): Branch {
  return h('a', { href: formatAddress(address), 'data-row': true }, ...children);
}

/** The button of a change; null for whoever may not make it: it is not there, so it is not broken. */
export function changeButton(
  { session, acts }: Sight,
  label: string,
  question: Question,
  kind: 'main' | 'plain' = 'plain',
): Branch | null {
  if (session.role !== 'operator') return null;
  return h(
    'button',
    {
      type: 'button',
      class: kind === 'main' ? 'main' : undefined,
      'data-changes': true,
      on: {
        click: () => {
          acts.ask(question);
        },
      },
    },
    label,
  );
}

export interface Option {
  readonly value: string;
  readonly text: string;
}

/** A choice that the address keeps. */
export function choice(
  { address, acts }: Sight,
  {
    label,
    name,
    value,
    options,
  }: {
    readonly label: string;
    readonly name: string;
    readonly value: string;
    readonly options: readonly Option[];
  },
): Branch {
  return h(
    'label',
    { class: 'choice' },
    h('span', {}, label),
    h(
      'select',
      {
        value,
        on: {
          change: (deed) => {
            acts.change(withQuery(address, { [name]: deed.value }));
          },
        },
      },
      options.map((option) => h('option', { value: option.value }, option.text)),
    ),
  );
}

export function checkbox({
  label,
  isChecked,
  onChange,
}: {
  readonly label: Child;
  readonly isChecked: boolean;
  readonly onChange: (isChecked: boolean) => void;
}): Branch {
  return h(
    'label',
    { class: 'check' },
    h('input', {
      type: 'checkbox',
      checked: isChecked,
      on: {
        change: (deed) => {
          onChange(deed.isChecked);
        },
      },
    }),
    label,
  );
}

/** Text by which a list is made shorter; the address keeps it. */
export function filter({ address, acts }: Sight, label = 'Filter'): Branch {
  return h(
    'label',
    { class: 'choice' },
    h('span', {}, label),
    h('input', {
      type: 'search',
      value: address.query.find ?? '',
      spellcheck: 'false',
      autocomplete: 'off',
      on: {
        input: (deed) => {
          acts.change(withQuery(address, { find: deed.value === '' ? undefined : deed.value }));
        },
      },
    }),
  );
}

/** Whether something fits what the filter has; capitals play no part. */
export function fitsFilter({ address }: Sight, ...texts: readonly string[]): boolean {
  const wanted = (address.query.find ?? '').toLowerCase();
  return texts.some((text) => text.toLowerCase().includes(wanted));
}

export interface Column {
  readonly title: string;
  readonly isNumber?: boolean;
  /** Names and times: on one line, whatever else is in the row. */
  readonly isShort?: boolean;
}

export interface Row {
  readonly key: string;
  readonly cells: readonly Child[];
  /** Of the whole row. */
  readonly kind?: string;
}

/** A list is not shown beyond this; the filter finds the rest. */
const ROWS_MAX = 300;

export function table(
  caption: string,
  columns: readonly Column[],
  rows: readonly Row[],
  whenEmpty: Sentence,
): Branch {
  if (rows.length === 0) return sentence(whenEmpty);
  const shown = rows.slice(0, ROWS_MAX);
  const more = rows.length - shown.length;
  return h(
    'div',
    { class: 'scroll' },
    h(
      'table',
      {},
      h('caption', { class: 'unseen' }, caption),
      h(
        'thead',
        {},
        h(
          'tr',
          {},
          columns.map((column) =>
            h('th', { scope: 'col', class: columnClass(column) }, column.title),
          ),
        ),
      ),
      h(
        'tbody',
        {},
        shown.map(({ key, cells, kind }) =>
          h(
            'tr',
            { key, class: kind },
            cells.map((cell, at) => h('td', { class: columnClass(columns[at]) }, cell)),
          ),
        ),
      ),
    ),
    more > 0 ? h('p', { class: 'quiet' }, `${more} more: the filter finds them.`) : null,
  );
}

function columnClass(column: Column | undefined): string | undefined {
  if (column?.isNumber === true) return 'number';
  return column?.isShort === true ? 'short' : undefined;
}

/** A stretch of a page with a title. */
export function section(title: Child, ...children: readonly Child[]): Branch {
  return h('section', {}, h('h2', {}, title), ...children);
}

/** Names and values, one below the other. */
export function facts(pairs: readonly (readonly [name: string, value: Child])[]): Branch {
  return h(
    'dl',
    { class: 'facts' },
    pairs.map(([name, value]) => [h('dt', {}, name), h('dd', {}, value)]),
  );
}
