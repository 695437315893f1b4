import type { Address } from '../domain.js';
import { fail } from '../errors.js';
import { clip } from '../text.js';
import { HttpFault } from './http/fault.js';
import { parseTarget } from './http/target.js';

/** Where a call goes and what it asks for. */
export interface CallUrl {
  /** By TLS. */
  readonly isSecure: boolean;
  /** Its host is the name that the certificate must be for. */
  readonly to: Address;
  /** The Host header. */
  readonly authority: string;
  readonly path: string;
  readonly query: string;
}

const URL_FORM =
  /^(https?):\/\/((?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::([0-9]{1,5}))?)(\/[^#]*)?$/;

/**
 * `http://host:port/path?query`, or `https://…`, read to the letter: the WHATWG's reader would turn `0x7f.1` into 127.0.0.1, and drop a user.
 * @throws ERR_CALL_FORBIDDEN
 */
export function parseCallUrl(method: string, url: string): CallUrl {
  const parts = URL_FORM.exec(url);
  const isSecure = parts?.[1] === 'https';
  const authority = parts?.[2] ?? '';
  const port = Number(parts?.[3] ?? (isSecure ? 443 : 80));
  const target = parts === null ? undefined : parseTarget(method, parts[4] ?? '/');
  if (target === undefined || target instanceof HttpFault || port > 65_535) {
    return fail('ERR_CALL_FORBIDDEN', {
      url: clip(url),
      why: 'not an URL of the form http://host:port/path or https://host:port/path',
    });
  }
  const host = authority.replace(/:[0-9]+$/, '').replaceAll(/[[\]]/g, '');
  return { isSecure, to: { host, port }, authority, path: target.path, query: target.query };
}
