import type { Address } from '../core/domain.js';
import { parseJson } from '../core/json.js';
import type { Startable } from '../core/lifecycle.js';
import { headerOf } from '../core/net/http/header-list.js';
import { HttpServer } from '../core/net/http-server.js';
import type { Net } from '../core/net/port.js';
import { EligibleCounts } from '../core/table-store/eligible-counts.js';
import type { AnnounceLimits, AnnounceParts } from './announce.js';
import { announce } from './announce.js';

export const ANNOUNCEMENTS_PATH = '/v1/announcements';

const BODY_BYTES_MAX = 16 << 20;

/**
 * Where agents announce themselves: a listener of its own, which does nothing else, so that agents on other
 * machines can reach it while the rest of the API stays on loopback.
 */
export class Registration implements Startable {
  readonly #server: HttpServer;

  constructor(
    given: Omit<AnnounceParts, 'counts'> & { readonly net: Net },
    { listen, ...limits }: AnnounceLimits & { readonly listen: Address },
  ) {
    const parts = { ...given, counts: new EligibleCounts() };
    this.#server = new HttpServer(
      parts,
      [
        {
          method: 'POST',
          path: ANNOUNCEMENTS_PATH,
          handler: async ({ headers, body }) => {
            const token = (headerOf(headers, 'authorization') ?? '').replace(/^Bearer /, '');
            const json = parseJson(Buffer.from(body).toString(), 'the announcement', {
              bytesMax: BODY_BYTES_MAX,
              depthMax: 8,
            });
            const answer = await announce(json, token, parts, limits);
            return {
              status: 200,
              headers: { 'content-type': 'application/json' },
              body: JSON.stringify(answer),
            };
          },
        },
      ],
      { at: listen, bodyBytesMax: BODY_BYTES_MAX },
    );
  }

  get address(): Address {
    return this.#server.address;
  }

  start(): Promise<void> {
    return this.#server.start();
  }

  stop(): Promise<void> {
    return this.#server.stop();
  }
}
