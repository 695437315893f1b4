import { SERVER_HEADER } from '../core/agent-protocol.js';
import type { Address, ServerId } from '../core/domain.js';
import { isName, serverId } from '../core/domain.js';
import { fail } from '../core/errors.js';
import { parseJson } from '../core/json.js';
import type { Startable } from '../core/lifecycle.js';
import type { HeaderList } from '../core/net/http/header-list.js';
import { headerOf } from '../core/net/http/header-list.js';
import { HttpServer } from '../core/net/http-server.js';
import type { Net } from '../core/net/port.js';
import { EligibleCounts } from '../core/table-store/eligible-counts.js';
import type { AnnounceLimits, AnnounceParts } from './announce.js';
import { announce, assertToken } from './announce.js';

export const ANNOUNCEMENTS_PATH = '/v1/announcements';

const BODY_BYTES_MAX = 16 << 20;
/** A name of 128 characters, and what stands before it. */
const START_BYTES = 256;

/**
 * Where agents announce themselves: a listener of its own, which does nothing else, so that agents on other
 * machines can reach it while the rest of the API stays on loopback. Others can, too: of a sender without an agent's token no
 * long body is read.
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
          admits: (headers, begun) => {
            const server = serverIn(headers) ?? serverAtStart(begun);
            if (server === undefined) return false;
            assertToken(server, tokenIn(headers), parts.secret);
            return true;
          },
          handler: async ({ headers, body }) => {
            const json = parseJson(Buffer.from(body).toString(), 'the announcement', {
              bytesMax: BODY_BYTES_MAX,
              depthMax: 8,
            });
            const answer = await announce(json, tokenIn(headers), parts, limits);
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

function tokenIn(headers: HeaderList): string {
  return (headerOf(headers, 'authorization') ?? '').replace(/^Bearer /, '');
}

/** @throws ERR_ANNOUNCEMENT_INVALID */
function serverIn(headers: HeaderList): ServerId | undefined {
  const name = headerOf(headers, SERVER_HEADER);
  if (name === undefined) return undefined;
  if (!isName(name)) fail('ERR_ANNOUNCEMENT_INVALID', { where: SERVER_HEADER, why: 'not a name' });
  return serverId(name);
}

/** Agents of an earlier version name their server only where the body begins. */
function serverAtStart(body: Uint8Array): ServerId | undefined {
  const start = Buffer.from(body.buffer, body.byteOffset, Math.min(body.length, START_BYTES));
  const name = /^\s*\{\s*"server"\s*:\s*"([^"]*)"/.exec(start.toString('latin1'))?.[1] ?? '';
  return isName(name) ? serverId(name) : undefined;
}
