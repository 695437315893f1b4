import type { FastifyRequest } from 'fastify';
import { isLoopback } from '../../core/config/load.js';
import { ForeshiftError } from '../../core/errors.js';
import type { Shown } from './access.js';

export function shownBy({ headers }: FastifyRequest): Shown {
  return { authorization: headers.authorization, cookie: headers.cookie };
}

/** Why a request is not even looked at; undefined: it is. */
export function refusalOf(request: FastifyRequest, hasLogin: boolean): Error | undefined {
  const host = request.host.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1');
  if (!hasLogin && !isLoopback(host)) return new ForeshiftError('ERR_HOST_REFUSED', {});
  if (request.method === 'GET' || request.method === 'HEAD') return undefined;
  if (isFromElsewhere(request)) return new ForeshiftError('ERR_CROSS_SITE', {});
  const type = request.headers['content-type']?.split(';')[0]?.trim().toLowerCase();
  return type === 'application/json' ? undefined : new ForeshiftError('ERR_MEDIA_TYPE', {});
}

/** What browsers say of the page that sends a request: only our own may change something. */
function isFromElsewhere({ headers, host }: FastifyRequest): boolean {
  const site = headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin' && site !== 'none') return true;
  const { origin } = headers;
  return origin !== undefined && origin.replace(/^https?:\/\//, '') !== host;
}
