import { DOT, PATH, QUERY, SLASH, SPACE } from './characters.js';
import { HttpFault, FAULTS } from './fault.js';
import type { Authority } from './host.js';
import { parseAuthority } from './host.js';
import { canonicalPath, queryFault } from './path.js';

/** What a request target (RFC 9112 §3.2) asks for. */
export interface Target {
  /** Canonical; `*` for the server as a whole. */
  readonly path: string;
  /** Empty, or with its question mark. */
  readonly query: string;
  /** Of the absolute form only; with the port that it names or its scheme implies. */
  readonly authority?: Authority & { readonly port: number; readonly defaultPort: number };
}

const QUESTION_MARK = 63;

const ABSOLUTE = /^(https?):\/\/([^/?#]*)(.*)$/i;
const WHOLE_SERVER: Target = { path: '*', query: '' };

/** Origin form, absolute form with http or https, and the asterisk of OPTIONS. */
export function parseTarget(method: string, target: string): Target | HttpFault {
  if (target.charCodeAt(0) === SLASH) return originForm(target);
  if (target === '*') return method === 'OPTIONS' ? WHOLE_SERVER : FAULTS.targetInvalid;
  const parts = ABSOLUTE.exec(target);
  if (parts === null) return FAULTS.targetInvalid;
  const [, scheme = '', authorityText = '', rest = ''] = parts;
  const authority = parseAuthority(authorityText);
  if (authority === undefined) return FAULTS.hostInvalid;
  const origin = originForm(rest.startsWith('/') ? rest : `/${rest}`);
  if (origin instanceof HttpFault) return origin;
  const defaultPort = scheme.toLowerCase() === 'https' ? 443 : 80;
  return {
    ...origin,
    authority: { ...authority, port: authority.port ?? defaultPort, defaultPort },
  };
}

/** A target that is passed on as it came. */
export interface PlainEnds {
  /** -1: it is none, or may be none. */
  pathEnd: number;
  end: number;
}

/**
 * Where the path and the target that begin at `at` end, if a space follows and `parseTarget` would only cut it: most can be told
 * in one pass over their bytes.
 */
export function findPlainEnds(bytes: Uint8Array, at: number, ends: PlainEnds): void {
  let end = at;
  let before = 0;
  let code = bytes[at] === SLASH && bytes[at + 1] !== SLASH ? SLASH : 0;
  while (PATH[code] === 1 && (code !== DOT || before !== SLASH)) {
    before = code;
    code = bytes[++end] ?? 0;
  }
  ends.pathEnd = end;
  if (code === QUESTION_MARK) while (QUERY[code] === 1) code = bytes[++end] ?? 0;
  ends.end = end;
  if (code !== SPACE || end === at) ends.pathEnd = -1;
}

function originForm(target: string): Target | HttpFault {
  const mark = target.indexOf('?');
  const path = canonicalPath(mark === -1 ? target : target.slice(0, mark));
  if (path instanceof HttpFault) return path;
  if (mark === -1) return { path, query: '' };
  const query = target.slice(mark);
  return queryFault(query) ?? { path, query };
}
