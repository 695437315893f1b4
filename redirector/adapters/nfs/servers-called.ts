import type { Clock } from '../../../core/clock/port.js';
import type { Address } from '../../../core/domain.js';
import type { Net } from '../../../core/net/port.js';
import type { OwnAnswer, OwnCall, RpcCallsParts } from '../../../core/onc-rpc/calls.js';
import { RpcCalls, ask, askOnce } from '../../../core/onc-rpc/calls.js';
import type { ServerLink } from '../servers.js';
import { isSameAddress, ownConnection } from '../servers.js';
import { Marks } from './marks.js';
import type { NfsOptions } from './options.js';
import { NFS_PROGRAM, NFS_VERSION, PROCEDURES, walkResults } from './procedures.js';

export interface ServersCalledParts {
  readonly net: Net;
  readonly clock: Clock;
  /** Undefined: not known here. */
  readonly addressOf: (server: number) => Address | undefined;
  readonly linkOf: (server: number) => ServerLink;
  readonly options: () => NfsOptions;
}

/** What a server says to the redirector itself. */
export interface ServerSaid {
  /** Of NFS. */
  readonly status: number;
  readonly bytes: Uint8Array;
  /** In these bytes. */
  readonly marks: Marks;
}

/** The connections to servers: one each, opened when there is something to say. */
export class ServersCalled {
  readonly #parts: ServersCalledParts;
  readonly #open = new Map<number, RpcCalls>();

  constructor(parts: ServersCalledParts) {
    this.#parts = parts;
  }

  /** Undefined: its address is not known. */
  to(server: number): RpcCalls | undefined {
    const address = this.#parts.addressOf(server);
    const open = this.#open.get(server);
    if (open !== undefined && address !== undefined && isSameAddress(open.address, address)) {
      return open;
    }
    open?.close();
    if (address === undefined) return undefined;
    const calls = new RpcCalls({
      ...this.#partsOf(address, server),
      closed: () => {
        if (this.#open.get(server) === calls) this.#open.delete(server);
      },
    });
    this.#open.set(server, calls);
    return calls;
  }

  /** Calls a procedure of NFS for the redirector itself. `refused`: also if it is not to be understood. */
  async ask(
    server: number,
    procedure: number,
    args: Uint8Array,
  ): Promise<ServerSaid | 'refused' | 'lost'> {
    const calls = this.to(server);
    const asked = PROCEDURES[procedure];
    if (calls === undefined || asked === undefined) return 'lost';
    const results = await ask(calls, {
      ...{ program: NFS_PROGRAM, version: NFS_VERSION, procedure },
      arguments: args,
    });
    if (typeof results === 'string') return results;
    const marks = new Marks();
    const status = walkResults(results, asked, marks);
    return status === undefined ? 'refused' : { status, bytes: results.bytes, marks };
  }

  /** Asks what else runs on the host of a server. */
  askAt(port: number, server: number, call: OwnCall): Promise<OwnAnswer> {
    const host = this.#parts.addressOf(server)?.host;
    if (host === undefined) return Promise.resolve('lost');
    return askOnce(this.#partsOf({ host, port }, server), call);
  }

  closeAll(): void {
    for (const calls of [...this.#open.values()]) calls.close();
  }
  #partsOf(address: Address, server: number): Omit<RpcCallsParts, 'closed'> {
    const { net, clock, linkOf, options } = this.#parts;
    const { connectTimeoutMs, answerTimeoutMs } = options();
    return {
      ...{ net, clock, address, answerTimeoutMs },
      connect: ownConnection(linkOf(server), connectTimeoutMs),
    };
  }
}
