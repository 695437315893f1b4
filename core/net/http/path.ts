import {
  DOT,
  HEX,
  PATH,
  PATH_ESCAPED,
  PERCENT,
  SLASH,
  UNRESERVED,
  isAll,
  QUERY,
} from './characters.js';
import { HttpFault, FAULTS } from './fault.js';

/*
 * The one form of a path, for choosing the resource and for the server alike, so that both mean the same thing. What two
 * readers could take for different paths is refused rather than mended.
 */

/**
 * The canonical form of an absolute path (RFC 3986 §6.2.2): escapes of unreserved characters undone, the others in
 * capitals, dot segments removed. canonical(canonical(x)) = canonical(x).
 */
export function canonicalPath(path: string): string | HttpFault {
  if (path.charCodeAt(0) !== SLASH) return FAULTS.targetInvalid;
  if (path.charCodeAt(1) === SLASH) return FAULTS.pathDoubleSlash;
  return isPlain(path) ? path : normalized(path);
}

/** Passed on as it came. `query` is empty or begins with a question mark. */
export function queryFault(query: string): HttpFault | undefined {
  if (query === '' || isAll(QUERY, query)) return undefined;
  return query.includes('#') ? FAULTS.fragment : FAULTS.targetInvalid;
}

/** Nothing to normalise: no escapes, and no segment begins with a dot. The one pass that nearly every path takes. */
function isPlain(path: string): boolean {
  let before = 0;
  for (let at = 0; at < path.length; at++) {
    const code = path.charCodeAt(at);
    if (PATH[code] !== 1 || (code === DOT && before === SLASH)) return false;
    before = code;
  }
  return true;
}

function normalized(path: string): string | HttpFault {
  const segments: string[] = [];
  const raw = path.split('/').slice(1);
  for (const [at, text] of raw.entries()) {
    const segment = canonicalSegment(text);
    if (segment instanceof HttpFault) return segment;
    if (!isDots(segment)) {
      segments.push(segment);
      continue;
    }
    if (text !== '.' && text !== '..') return FAULTS.pathDotsDisguised;
    if (text === '..' && segments.pop() === undefined) return FAULTS.pathAboveRoot;
    if (at === raw.length - 1) segments.push('');
  }
  const result = `/${segments.join('/')}`;
  if (result.startsWith('//')) return FAULTS.pathDoubleSlash;
  return OVERLONG.test(result) ? FAULTS.pathEscapeRefused : result;
}

/** UTF-8 that spells an ASCII character in too many bytes, or any character where fewer would do. */
const OVERLONG = /%C[01]%[89AB]|%E0%[89]|%F0%8/;

/** `.`, `..`, and these with parameters (`..;x`), which some servers cut off before they resolve the dots. */
function isDots(segment: string): boolean {
  return /^\.\.?(?:$|;|%3B)/.test(segment);
}

function canonicalSegment(text: string): string | HttpFault {
  let segment = '';
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === PERCENT) {
      const escaped = canonicalEscape(text, at);
      if (escaped instanceof HttpFault) return escaped;
      segment += escaped;
      at += 2;
    } else if (PATH[code] === 1) {
      segment += text.charAt(at);
    } else if (PATH_ESCAPED[code] === 1) {
      segment += `%${code.toString(16).toUpperCase()}`;
    } else {
      return characterFault(text.charAt(at));
    }
  }
  return segment;
}

function canonicalEscape(text: string, at: number): string | HttpFault {
  const high = HEX[text.charCodeAt(at + 1)] ?? 255;
  const low = HEX[text.charCodeAt(at + 2)] ?? 255;
  if (high === 255 || low === 255) return FAULTS.pathEscapeInvalid;
  const code = high * 16 + low;
  if (code === 0 || code === SLASH || code === 0x5c) return FAULTS.pathEscapeRefused;
  return UNRESERVED[code] === 1 ? String.fromCharCode(code) : text.slice(at, at + 3).toUpperCase();
}

function characterFault(character: string): HttpFault {
  if (character === '#') return FAULTS.fragment;
  return character === '\\' ? FAULTS.pathBackslash : FAULTS.targetInvalid;
}
