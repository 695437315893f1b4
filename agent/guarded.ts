import { RESOURCE_HEADER, SINCE_HEADER } from '../core/agent-protocol.js';
import type { RequestGate } from './request-gate.js';

/** What is needed of Node's IncomingMessage. */
export interface GuardedRequest {
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
}

/** What is needed of Node's ServerResponse. */
export interface GuardedResponse {
  writeHead(status: number, headers: Readonly<Record<string, string>>): unknown;
  end(body: string): unknown;
  once(event: 'close', listener: () => void): unknown;
}

/**
 * The fence inside a server that is written in Node: wraps its request handler. The handler's work counts as
 * under way until its promise has settled and its response is closed, whichever is later: a release waits
 * for it even if the client has gone.
 */
export function guarded<Request extends GuardedRequest, Response extends GuardedResponse>(
  gate: () => RequestGate,
  handle: (request: Request, response: Response) => Promise<void> | void,
): (request: Request, response: Response) => void {
  return (request, response) => {
    const resource = only(request.headers[RESOURCE_HEADER]);
    const entered = gate();
    const refusal = entered.enter(resource, only(request.headers[SINCE_HEADER]));
    if (refusal !== undefined) {
      response.writeHead(refusal.status, refusal.headers);
      response.end(refusal.body);
      return;
    }
    const closed = new Promise<void>((resolve) => response.once('close', resolve));
    const worked = Promise.resolve(handle(request, response));
    void Promise.allSettled([closed, worked]).then(() => {
      if (resource !== undefined) entered.done(resource);
    });
    // The server's own answer to its own failure, as without the fence.
    worked.catch((error: unknown) => {
      queueMicrotask(() => {
        throw error;
      });
    });
  };
}

function only(value: string | readonly string[] | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
