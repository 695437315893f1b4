import { fail } from '../../errors.js';
import { clip } from '../../text.js';

/*
 * Names as values of tags. InfluxDB 1.x has no way to write a newline in a tag, or an empty one, and what it does with a
 * backslash depends on what follows; so nothing is escaped in its way. Characters that our names have stand for themselves,
 * every other UTF-16 unit is `%` and its four hexadecimal digits, and no name at all is `%` alone. Different names have
 * different tags, of characters that mean nothing in line protocol, in InfluxQL or in a regular expression (but for the dot).
 */

const EMPTY = '%';
/** Of units, so that the key of a series stays below the 64 KiB that InfluxDB takes. */
const NAME_UNITS_MAX = 8192;

/** @throws ERR_NAME_INVALID if it is too long */
export function tagOf(name: string): string {
  if (name.length > NAME_UNITS_MAX) fail('ERR_NAME_INVALID', { what: 'tag', name: clip(name) });
  if (name === '') return EMPTY;
  return name.replaceAll(/[^A-Za-z0-9._:-]/g, unitsOf);
}

/** The name that has this tag; undefined: no name has. */
export function nameOf(tag: string): string | undefined {
  if (tag === EMPTY) return '';
  if (!/^(?:[A-Za-z0-9._:-]|%[0-9A-F]{4})+$/.test(tag)) return undefined;
  const name = tag.replaceAll(/%(....)/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
  return tagOf(name) === tag ? name : undefined;
}

function unitsOf(character: string): string {
  let text = '';
  for (let at = 0; at < character.length; at++) {
    text += `%${character.charCodeAt(at).toString(16).toUpperCase().padStart(4, '0')}`;
  }
  return text;
}

/** A name in InfluxQL, or a text in a line: between double quotes. */
export function quoted(text: string): string {
  return `"${text.replaceAll(/["\\]/g, String.raw`\$&`)}"`;
}
