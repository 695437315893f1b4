import { request } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { ApiRoute } from '../../../api/route.js';
import { requestRound } from '../../../api/round-request.js';
import { ApiFront } from '../../support/api-front.js';
import { untilWithin } from '../../support/until.js';

describe('a client that goes before it has its answer', () => {
  const until = untilWithin(5000);
  let front: ApiFront;
  let signal: AbortSignal | undefined;

  const waiting: ApiRoute = {
    method: 'POST',
    path: '/v1/waiting',
    role: 'viewer',
    summary: 'Waits until its client goes.',
    schemas: {},
    isTagged: false,
    handle: (given) => {
      ({ signal } = given);
      return new Promise((_resolve, reject) => {
        given.signal.addEventListener('abort', () => {
          reject(given.signal.reason as Error);
        });
      });
    },
  };

  beforeEach(async () => {
    signal = undefined;
    front = await ApiFront.start(undefined, { routes: [waiting] });
  });

  afterEach(() => front.stop());

  async function ask(more: Readonly<Record<string, string>> = {}) {
    const { host, port } = front.server.address;
    const headers = { 'content-type': 'application/json', ...more };
    const call = request({ host, port, method: 'POST', path: '/v1/waiting', headers });
    call.on('error', () => undefined);
    call.end('{}');
    await until('it is being answered', () => signal !== undefined);
    // The server sees the request closed, if it is, before it answers another.
    await front.ask('GET', '/v1/status');
    return call;
  }

  it('is waited for no longer, and was until then, though its request had been read', async () => {
    const call = await ask();
    expect(signal?.aborted).toBe(false);
    call.destroy();
    await until('the work is called off', () => signal?.aborted === true);
  });

  it('may ask again for what it gave a key: that goes on', async () => {
    const call = await ask({ 'idempotency-key': 'k' });
    const isClosed = new Promise((resolve) => call.once('close', resolve));
    call.destroy();
    await isClosed;
    await front.ask('GET', '/v1/status');
    expect(signal?.aborted).toBe(false);
  });

  it('has no round held for it that it could not hear of', async () => {
    const gone = AbortSignal.abort(new Error('gone'));
    const { view, clock } = front.plane;
    let refused: unknown;
    void requestRound('ann', 60_000, { view, clock, bus: front.bus }, gone).catch(
      (error: unknown) => (refused = error),
    );
    await until('it is called off', () => refused !== undefined);
    expect(refused).toBe(gone.reason);
  });
});
