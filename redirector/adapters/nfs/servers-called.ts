import type { Clock } from '../../../core/clock/port.js';
import type { Address } from '../../../core/domain.js';
import type { Net } from '../../../core/net/port.js';
import { proxyHeaderBytes } from '../../../core/net/proxy-header.js';
import type { ServerLink } from '../servers.js';
import type { NfsOptions } from './options.js';
import type { RpcRecord } from './rpc/record.js';
import { RECORD_LIMITS, marked, wholeOf } from './rpc/record.js';
import { callHead, resultsOf, sysCredentials } from './rpc/message.js';
import { XdrCursor } from './rpc/xdr.js';
import { ServerCalls } from './server-calls.js';

export interface ServersCalledParts {
  readonly net: Net;
  readonly clock: Clock;
  /** Undefined: not known here. */
  readonly addressOf: (server: number) => Address | undefined;
  readonly linkOf: (server: number) => ServerLink;
  readonly options: () => NfsOptions;
}

export interface OwnCall {
  readonly program: number;
  readonly version: number;
  readonly procedure: number;
  readonly arguments: Uint8Array;
}

/** What a call of our own came to: its results; refused by the RPC layer; or there was no answer. */
export type OwnAnswer = XdrCursor | 'refused' | 'lost';

/** Who asks servers on behalf of the redirector itself. They must not take that for nobody. */
const OWN_CREDENTIALS = sysCredentials({ uid: 0, gid: 0, gids: [] }, 'foreshift');

/** The connections to servers: one each, opened when there is something to say. */
export class ServersCalled {
  readonly #parts: ServersCalledParts;
  readonly #open = new Map<number, ServerCalls>();

  constructor(parts: ServersCalledParts) {
    this.#parts = parts;
  }

  /** Undefined: its address is not known. */
  to(server: number): ServerCalls | undefined {
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
  at(address: Address, server: number, closed: () => void): ServerCalls {
    const { net, clock, linkOf, options } = this.#parts;
    const { connectTimeoutMs, answerTimeoutMs } = options();
    const { tls, proxyProtocol } = linkOf(server);
    return new ServerCalls({
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

export function ask(calls: ServerCalls, call: OwnCall): Promise<OwnAnswer> {
  return new Promise((resolve) => {
    const message = (xid: number): Uint8Array[] => [
      marked(
        callHead({ ...call, xid, credentials: OWN_CREDENTIALS })
          .raw(call.arguments)
          .done(),
      ),
    ];
    calls.send(message, {
      replied: (record: RpcRecord) => {
        const whole = wholeOf(record);
        const at = resultsOf(whole);
        if (typeof at === 'number') resolve(new XdrCursor().on(whole, at));
        else resolve('refused');
      },
      lost: () => {
        resolve('lost');
      },
    });
  });
}

function isSameAddress(one: Address, other: Address): boolean {
  return one.host === other.host && one.port === other.port;
}
