import { fail } from '../core/errors.js';
import type { Net } from '../core/net/port.js';
import { clip } from '../core/text.js';
import type { Poll } from './source.js';

export interface PageRequest {
  readonly url: string;
  readonly accept: string;
  /** Media types that are taken, without parameters; `+json` stands for all that end so. */
  readonly types: readonly string[];
  readonly bytesMax: number;
}

export interface Page {
  /** Lower case, without parameters. */
  readonly type: string;
  readonly body: Buffer;
}

/**
 * The one way to a target's page: a plain GET, no redirect followed, no compression, whole or not at all.
 * @throws ERR_CALL_*, ERR_PAGE_STATUS, ERR_PAGE_TYPE
 */
export async function fetchPage(
  net: Net,
  { url, accept, types, bytesMax }: PageRequest,
  { timeoutMs, signal }: Pick<Poll, 'timeoutMs' | 'signal'>,
): Promise<Page> {
  const { status, headers, body } = await net.call({
    method: 'GET',
    url,
    headers: { accept, 'accept-encoding': 'identity' },
    timeoutMs,
    answerBytesMax: bytesMax,
    signal,
  });
  if (status !== 200) return fail('ERR_PAGE_STATUS', { page: clip(url), status });
  const coding = headers.get('content-encoding') ?? 'identity';
  const type = (headers.get('content-type') ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
  if (coding !== 'identity' || !types.some((taken) => isOf(type, taken))) {
    const found = coding !== 'identity' ? `compressed (${coding})` : type || 'of no type';
    return fail('ERR_PAGE_TYPE', {
      page: clip(url),
      type: clip(found),
      expected: types.join(', '),
    });
  }
  return { type, body: Buffer.from(body.buffer, body.byteOffset, body.byteLength) };
}

function isOf(type: string, taken: string): boolean {
  return taken.startsWith('+') ? type.endsWith(taken) : type === taken;
}
