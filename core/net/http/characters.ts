/** Which characters may stand where (RFC 9110 §5.6.2, RFC 9112, RFC 3986), as tables over latin-1 codes. */
export const TAB = 9;
export const LF = 10;
export const CR = 13;
export const SPACE = 32;
export const PERCENT = 37;
export const DOT = 46;
export const SLASH = 47;
export const COLON = 58;

const DIGITS = '0123456789';
const UPPER = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ';
const LOWER = 'abcdefghijklmnopqrstuvwxyz';
const UNRESERVED_CHARACTERS = `${DIGITS}${UPPER}${LOWER}-._~`;

/** Methods as IANA registers them: capitals with hyphens. */
export const METHOD = tableOf(`${UPPER}-_`);
export const TOKEN = tableOf(`${DIGITS}${UPPER}${LOWER}!#$%&'*+-.^_\`|~`);
/** A header's value or a reason phrase: visible ASCII, space and tab. */
export const VALUE = tableOf(`\t ${visible()}`);
/** The same with the bytes from 0x80 on (obs-text). */
export const VALUE_8_BIT = tableOf(`\t ${visible()}`);
VALUE_8_BIT.fill(1, 0x80);

/** What a path keeps as it is: unreserved, sub-delims, `:`, `@` and the slash. */
export const PATH = tableOf(`${UNRESERVED_CHARACTERS}!$&'()*+,;=:@/`);
/** What a path may have only as an escape, and gets one if it comes without: harmless, and sent by real clients. */
export const PATH_ESCAPED = tableOf('"<>[]^`{|}');
export const UNRESERVED = tableOf(UNRESERVED_CHARACTERS);
/** A query is passed on as it came: visible ASCII without the fragment's sign. */
export const QUERY = tableOf(visible().replace('#', ''));
export const HOST = tableOf(`${DIGITS}${UPPER}${LOWER}-._`);

/** Values of hexadecimal digits; 255 for all else. */
export const HEX = new Uint8Array(256).fill(255);
for (let value = 0; value < 16; value++) {
  const digit = value.toString(16);
  HEX[digit.charCodeAt(0)] = value;
  HEX[digit.toUpperCase().charCodeAt(0)] = value;
}

function visible(): string {
  return String.fromCharCode(...Array.from({ length: 0x7f - 0x21 }, (_, at) => 0x21 + at));
}

function tableOf(characters: string): Uint8Array {
  const table = new Uint8Array(256);
  for (const character of characters) table[character.charCodeAt(0)] = 1;
  return table;
}

/** Optional white space (RFC 9110 §5.6.3). */
export function isBlank(code: number): boolean {
  return code === SPACE || code === TAB;
}

/** Whether the text is not empty and has characters of the table only. */
export function isAll(table: Uint8Array, text: string): boolean {
  for (let at = 0; at < text.length; at++) {
    if (table[text.charCodeAt(at)] !== 1) return false;
  }
  return text.length > 0;
}
