import type { Clock } from '../../core/clock/port.js';
import { SystemClock } from '../../core/clock/system.js';
import type { Address, ServerId } from '../../core/domain.js';
import { SILENT_LOG } from '../../core/log.js';
import { NodeNet } from '../../core/net/node.js';
import type { Net } from '../../core/net/port.js';
import type { AccessLog } from '../../redirector/access-log/access-log.js';
import { HttpAdapter } from '../../redirector/adapters/http/http-adapter.js';
import type { HttpOptions } from '../../redirector/adapters/http/options.js';
import type { ServerLink, ServerWork } from '../../redirector/adapters/servers.js';
import { PLAIN_LINK } from '../../redirector/adapters/servers.js';
import { Gate } from '../../redirector/gate.js';
import { tableOf } from './names.js';
import { thisMachine } from '../../demo/this-machine.js';

export interface HttpFrontOptions {
  readonly net: Net;
  readonly clock: Clock;
  readonly listen: Address;
  /** Where servers are, by name. */
  readonly servers: Readonly<Record<string, Address>>;
  /** `{ 'vol-1': 's1@1.3' }` */
  readonly table: Readonly<Record<string, string>>;
  readonly options?: Partial<HttpOptions>;
  readonly accessLog?: AccessLog;
  readonly work?: ServerWork;
  /** How connections to servers are made; left out: in the clear. */
  readonly linkOf?: () => ServerLink;
  /** No connection to the server. */
  readonly suspect?: (server: ServerId) => void;
}

/** The HTTP side of a redirector before a table that stays as it is: gate and adapter, without a store or agents. */
export class HttpFront {
  readonly gate: Gate;
  readonly adapter: HttpAdapter;

  private constructor(gate: Gate, adapter: HttpAdapter) {
    this.gate = gate;
    this.adapter = adapter;
  }

  static async start(options: HttpFrontOptions): Promise<HttpFront> {
    const { net, clock, listen, servers, table } = options;
    const gate = new Gate({ clock, needsLease: () => false });
    gate.apply(tableOf(table));
    const addresses = new Map(Object.entries(servers));
    const adapter = new HttpAdapter(
      {
        net,
        clock,
        log: SILENT_LOG,
        gate,
        servers: {
          addressOf: (server: ServerId) => addresses.get(server),
          hasFence: () => false,
          linkOf: options.linkOf ?? (() => PLAIN_LINK),
          suspect: (server: ServerId) => options.suspect?.(server),
          misdirected: () => undefined,
        },
        drainPolicyOf: () => 'abort',
        accessLog: options.accessLog,
        work: options.work,
      },
      [{ listen, route: { by: 'first-path-segment' } }],
      options.options,
    );
    await adapter.start();
    return new HttpFront(gate, adapter);
  }

  /** A real listener, on a port that is free, before a server of this machine that has `vol-1` and `vol-2`. */
  static startBefore(
    server: Address,
    given: Partial<Pick<HttpFrontOptions, 'net' | 'listen'>> = {},
  ): Promise<HttpFront> {
    const clock = new SystemClock();
    return HttpFront.start({
      net: new NodeNet(clock, thisMachine()),
      clock,
      listen: { host: '127.0.0.1', port: 0 },
      ...given,
      servers: { s1: server },
      table: { 'vol-1': 's1@1.1', 'vol-2': 's1@1.1' },
    });
  }

  /** Where clients connect. */
  get address(): Address {
    const [address] = this.adapter.addresses;
    if (address === undefined) throw new Error('it does not listen');
    return address;
  }

  connections(): Promise<number> {
    return Promise.resolve(this.adapter.counters.connections);
  }

  stop(): Promise<void> {
    return this.adapter.stop(0);
  }
}
