import type { Clock } from '../../../core/clock/port.js';
import type { Address } from '../../../core/domain.js';
import type { Net } from '../../../core/net/port.js';
import { proxyHeaderBytes } from '../../../core/net/proxy-header.js';
import type { OwnAnswer, OwnCall } from '../../../core/onc-rpc/calls.js';
import { RpcCalls, ask } from '../../../core/onc-rpc/calls.js';
import { RECORD_LIMITS } from '../../../core/onc-rpc/record.js';
import type { ServerLink } from '../servers.js';
import { isSameAddress } from '../servers.js';
import type { NfsOptions } from './options.js';

export interface ServersCalledParts {
  readonly net: Net;
  readonly clock: Clock;
  /** Undefined: not known here. */
  readonly addressOf: (server: number) => Address | undefined;
  readonly linkOf: (server: number) => ServerLink;
  readonly options: () => NfsOptions;
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
    const calls = this.at(address, server, () => {
      if (this.#open.get(server) === calls) this.#open.delete(server);
    });
    this.#open.set(server, calls);
    return calls;
  }

  /** Another connection to the host of a server: for what else it runs. */
  at(address: Address, server: number, closed: () => void): RpcCalls {
    const { net, clock, linkOf, options } = this.#parts;
    const { connectTimeoutMs, answerTimeoutMs } = options();
    const { tls, proxyProtocol } = linkOf(server);
    return new RpcCalls({
      ...{ net, clock, address, answerTimeoutMs, closed, records: RECORD_LIMITS },
      connect: {
        timeoutMs: connectTimeoutMs,
        tls,
        preface: proxyProtocol && proxyHeaderBytes(proxyProtocol),
      },
    });
  }

  /** Asks a server for the redirector itself. */
  ask(server: number, call: OwnCall): Promise<OwnAnswer> {
    const calls = this.to(server);
    return calls === undefined ? Promise.resolve('lost') : ask(calls, call);
  }

  closeAll(): void {
    for (const calls of [...this.#open.values()]) calls.close();
  }
}
