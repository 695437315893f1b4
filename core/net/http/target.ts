import { SLASH } from './characters.js';
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

function originForm(target: string): Target | HttpFault {
  const mark = target.indexOf('?');
  const path = canonicalPath(mark === -1 ? target : target.slice(0, mark));
  if (path instanceof HttpFault) return path;
  if (mark === -1) return { path, query: '' };
  const query = target.slice(mark);
  return queryFault(query) ?? { path, query };
}
