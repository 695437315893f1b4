import { strict as assert } from 'node:assert';
import { TOKEN, VALUE_8_BIT, isAll } from './characters.js';

declare const isChecked: unique symbol;

/**
 * Header fields in their order, flat: lower-case name, value, name, value … Only checked fields come into one, so
 * nothing that ends a line can leave in one.
 */
export type HeaderList = readonly string[] & { readonly [isChecked]: true };

export const NO_HEADERS = [] as readonly string[] as HeaderList;

/** From names and values of our own making; a character that may not be there is a bug. */
export function headerList(fields: Readonly<Record<string, string>>): HeaderList {
  return checked(Object.entries(fields).flatMap(([name, value]) => [name.toLowerCase(), value]));
}

/** The first value of that name. */
export function headerOf(headers: HeaderList, name: string): string | undefined {
  for (let at = 0; at < headers.length; at += 2) {
    if (headers[at] === name) return headers[at + 1];
  }
  return undefined;
}

/** The fields with others added at the end, which replace those of their names. */
export function withHeaders(headers: HeaderList, added: HeaderList): HeaderList {
  const names = new Set(added.filter((_, at) => at % 2 === 0));
  const kept = keptHeaders(headers, (name) => !names.has(name));
  return [...kept, ...added] as readonly string[] as HeaderList;
}

export function keptHeaders(
  headers: HeaderList,
  isKept: (name: string, value: string) => boolean,
): HeaderList {
  const kept: string[] = [];
  for (let at = 0; at < headers.length; at += 2) {
    const name = headers[at] ?? '';
    const value = headers[at + 1] ?? '';
    if (isKept(name, value)) kept.push(name, value);
  }
  return kept as readonly string[] as HeaderList;
}

/** Values of a repeated name joined by ", ". */
export function headerMap(headers: HeaderList): ReadonlyMap<string, string> {
  const map = new Map<string, string>();
  for (let at = 0; at < headers.length; at += 2) {
    const name = headers[at] ?? '';
    const value = headers[at + 1] ?? '';
    const before = map.get(name);
    map.set(name, before === undefined ? value : `${before}, ${value}`);
  }
  return map;
}

export function isHeaderName(text: string): boolean {
  return isAll(TOKEN, text);
}

/** Whether it may be sent as it is: no control characters, no space at the ends; at most latin-1. */
export function isHeaderValue(text: string): boolean {
  return text === '' || (isAll(VALUE_8_BIT, text) && !/^[\t ]|[\t ]$/.test(text));
}

/** What a parser has checked field by field. */
export function parsedHeaders(fields: readonly string[]): HeaderList {
  return fields as HeaderList;
}

function checked(fields: readonly string[]): HeaderList {
  for (let at = 0; at < fields.length; at += 2) {
    const name = fields[at] ?? '';
    assert(isHeaderName(name), 'a header name must be a token');
    assert(isHeaderValue(fields[at + 1] ?? ''), `the value of ${name} must be one line`);
  }
  return fields as HeaderList;
}
