import type { IncomingHttpHeaders } from 'node:http';
import type { Dispatcher } from 'undici';
import { Client } from 'undici';
import type { Clock } from '../clock/port.js';
import type { Address } from '../domain.js';
import { formatAddress } from '../domain.js';
import { codeOf } from '../errors.js';
import { messageOf } from '../text.js';
import type { CallProgress } from './call-failure.js';
import { callFailure, oversizedAnswer } from './call-failure.js';
import type { CallUrl } from './call-url.js';
import { parseCallUrl } from './call-url.js';
import { headerList } from './http/header-list.js';
import type { CallAnswer, OutboundCall } from './port.js';

export interface NodeCallParts {
  readonly clock: Clock;
  /** Past the guard, with a host that is an IP address. */
  readonly pin: (to: Address) => Promise<Address>;
}

/**
 * One call by undici, on a connection of its own: one that was kept open could be closed by the server just as the call leaves,
 * and no one could say then whether it arrived.
 */
export async function nodeCall(parts: NodeCallParts, request: OutboundCall): Promise<CallAnswer> {
  const url = parseCallUrl(request.method, request.url);
  const limit = new AbortController();
  const cancel = parts.clock.after(request.timeoutMs, () => {
    limit.abort(new Error(`nothing after ${request.timeoutMs} ms`));
  });
  const abort = (): void => {
    limit.abort(new Error('called off'));
  };
  request.signal?.addEventListener('abort', abort, { once: true });
  if (request.signal?.aborted === true) abort();
  try {
    const to = await pinned(parts, url, request, limit.signal);
    return await dispatched(to, url, request, limit.signal);
  } finally {
    cancel();
    request.signal?.removeEventListener('abort', abort);
  }
}

/** The look-up of a name cannot be called off, but it need not be waited for. */
async function pinned(
  { pin }: NodeCallParts,
  url: CallUrl,
  request: OutboundCall,
  signal: AbortSignal,
): Promise<Address> {
  try {
    return await Promise.race([pin(url.to), rejectedBy(signal)]);
  } catch (error) {
    if (codeOf(error) !== undefined) throw error;
    throw callFailure(request.url, 'unsent', messageOf(error));
  }
}

function rejectedBy(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    const onAbort = (): void => {
      reject(signal.reason as Error);
    };
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
  });
}

async function dispatched(
  to: Address,
  url: CallUrl,
  request: OutboundCall,
  signal: AbortSignal,
): Promise<CallAnswer> {
  if (signal.aborted) throw callFailure(request.url, 'unsent', messageOf(signal.reason));
  const client = new Client(`${url.isSecure ? 'https' : 'http'}://${formatAddress(to)}`, {
    // No connection outlives its call; all waiting is limited by our own clock.
    pipelining: 0,
    // It goes to the address that the guard saw; undici wants a certificate for the name in the Host header, or for the address.
    connect: { timeout: 0 },
    headersTimeout: 0,
    bodyTimeout: 0,
  });
  const onAbort = (): void => {
    void client.destroy(signal.reason as Error);
  };
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await new Promise<CallAnswer>((resolve, reject) => {
      client.dispatch(
        {
          path: `${url.path}${url.query}`,
          method: request.method,
          headers: [...headerList({ ...request.headers, host: url.authority })],
          body: request.body ?? null,
        },
        new CallHandler(request, { resolve, reject }),
      );
    });
  } finally {
    signal.removeEventListener('abort', onAbort);
    void client.destroy();
  }
}

interface Settle {
  readonly resolve: (answer: CallAnswer) => void;
  readonly reject: (error: unknown) => void;
}

/** Collects one answer. undici calls `onRequestStart` right before it writes the first byte. */
class CallHandler implements Dispatcher.DispatchHandler {
  readonly #request: OutboundCall;
  readonly #settle: Settle;
  #isSent = false;
  #isOversized = false;
  #status = 0;
  #headers: IncomingHttpHeaders = {};
  readonly #parts: Uint8Array[] = [];
  #length = 0;

  constructor(request: OutboundCall, settle: Settle) {
    this.#request = request;
    this.#settle = settle;
  }

  onRequestStart(): void {
    this.#isSent = true;
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: IncomingHttpHeaders,
  ): void {
    this.#status = status;
    this.#headers = headers;
  }

  onResponseData(controller: Dispatcher.DispatchController, bytes: Uint8Array): void {
    this.#length += bytes.length;
    this.#isOversized = this.#length > this.#request.answerBytesMax;
    if (this.#isOversized) controller.abort(new Error('oversized'));
    else this.#parts.push(bytes);
  }

  onResponseEnd(): void {
    this.#settle.resolve({
      status: this.#status,
      headers: headersOf(this.#headers),
      body: Buffer.concat(this.#parts),
    });
  }

  onResponseError(_controller: unknown, error: NodeJS.ErrnoException): void {
    const { url, answerBytesMax } = this.#request;
    this.#settle.reject(
      this.#isOversized
        ? oversizedAnswer(url, answerBytesMax)
        : callFailure(url, this.#progressAt(error), messageOf(error)),
    );
  }

  #progressAt(error: NodeJS.ErrnoException): CallProgress {
    if (this.#isSent) return 'sent';
    return error.code === 'ECONNREFUSED' ? 'refused' : 'unsent';
  }
}

function headersOf(headers: IncomingHttpHeaders): Map<string, string> {
  const map = new Map<string, string>();
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) map.set(name, Array.isArray(value) ? value.join(', ') : value);
  }
  return map;
}
