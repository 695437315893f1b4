import { oversizedAnswer } from '../core/net/call-failure.js';

export interface WebRequest {
  readonly method: 'GET' | 'POST';
  /** `http://…` or `https://…`, as an operator named it: so it may be anywhere. */
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
  readonly bytesMax: number;
  /** Gives the call up. */
  readonly signal?: AbortSignal | undefined;
}

export interface WebAnswer {
  readonly status: number;
  readonly body: Buffer;
}

const TIMEOUT_MS = 60_000;

/** One call of the command line, answered whole. @throws ERR_CALL_OVERSIZED, or what kept it from being answered */
export async function webCall({
  method,
  url,
  headers = {},
  body,
  bytesMax,
  signal,
}: WebRequest): Promise<WebAnswer> {
  // Most verbs call nobody.
  const { request } = await import('undici');
  const { statusCode: status, body: answer } = await request(url, {
    method,
    headers,
    ...(body !== undefined && { body }),
    headersTimeout: TIMEOUT_MS,
    bodyTimeout: TIMEOUT_MS,
    signal,
  });
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of answer as AsyncIterable<Buffer>) {
    bytes += piece.length;
    if (bytes > bytesMax) throw oversizedAnswer(url, bytesMax);
    pieces.push(piece);
  }
  return { status, body: Buffer.concat(pieces) };
}
