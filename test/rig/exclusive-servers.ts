import type { Server, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Rng } from '../../core/rng.js';
import { integerBelow } from '../../core/rng.js';

/** What all servers of a test together know of their resources. */
export class Exclusiveness {
  /** What must not have happened, in words. */
  readonly violations: string[] = [];
  /** Requests that began to run, by their name. */
  readonly #ran = new Map<string, number>();
  /** Who works on a resource, and on how many requests. */
  readonly #working = new Map<string, { readonly server: string; count: number }>();

  begin(resource: string, server: string, id: string, mayRunTwice: boolean): void {
    const runs = (this.#ran.get(id) ?? 0) + 1;
    this.#ran.set(id, runs);
    if (runs > 1 && !mayRunTwice) this.violations.push(`${id} ran twice`);
    const before = this.#working.get(resource);
    if (before === undefined || before.count === 0) {
      this.#working.set(resource, { server, count: 1 });
      return;
    }
    if (before.server !== server) {
      this.violations.push(`${id} of ${resource} at ${server} while ${before.server} works on it`);
    }
    before.count += 1;
  }

  end(resource: string, server: string): void {
    const working = this.#working.get(resource);
    if (working?.server === server) working.count -= 1;
  }

  /** Its work is over with it. */
  died(server: string): void {
    for (const [resource, working] of this.#working) {
      if (working.server === server) this.#working.delete(resource);
    }
  }

  hasRun(id: string): boolean {
    return this.#ran.has(id);
  }

  /** What is known of a request that nobody asks about any more. */
  forget(id: string): void {
    this.#ran.delete(id);
  }
}

/**
 * A server that says `ID BYTES` of what it got, after 0 to 4 ms of work, and as many bytes more as it is asked for. It can die: then its port
 * is shut and everything under way is gone.
 */
export class ExclusiveServer {
  readonly port: number;
  readonly #name: string;
  readonly #server: Server;
  readonly #rng: Rng;
  readonly #known: Exclusiveness;
  #life = 0;

  private constructor(
    {
      name,
      rng,
      known,
    }: { readonly name: string; readonly rng: Rng; readonly known: Exclusiveness },
    server: Server,
  ) {
    this.#name = name;
    this.#rng = rng;
    this.#known = known;
    this.#server = server;
    this.port = (server.address() as AddressInfo).port;
  }

  static async start(parts: {
    readonly name: string;
    readonly rng: Rng;
    readonly known: Exclusiveness;
  }): Promise<ExclusiveServer> {
    const server = createServer({ keepAliveTimeout: 3_600_000 });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const one = new ExclusiveServer(parts, server);
    server.on('request', (request, response) => {
      const [, resource = '', id = '', more = '0'] = (request.url ?? '').split('/');
      one.#serve(response, { resource, id, more: Number(more), method: request.method ?? '' });
      let bytes = 0;
      request
        .on('data', (piece: Buffer) => (bytes += piece.length))
        .on('end', () =>
          setTimeout(
            () => {
              if (!response.destroyed) response.end(`${id} ${bytes}${'.'.repeat(Number(more))}`);
            },
            integerBelow(one.#rng, 5),
          ),
        );
    });
    return one;
  }

  #serve(
    response: ServerResponse,
    { resource, id, method }: { resource: string; id: string; more: number; method: string },
  ): void {
    const life = this.#life;
    this.#known.begin(resource, this.#name, id, method === 'GET');
    response.once('close', () => {
      // What a former life worked on ended with it.
      if (life === this.#life) this.#known.end(resource, this.#name);
    });
  }

  /** Dies, and lives again at the same port as soon as `again` resolves. */
  async die(again: Promise<unknown>): Promise<void> {
    this.#life += 1;
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    this.#known.died(this.#name);
    await closed;
    await again;
    await new Promise<void>((resolve) => this.#server.listen(this.port, '127.0.0.1', resolve));
  }

  stop(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}
