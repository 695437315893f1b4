import type { Address, ResourceId, ServerId } from '../../../core/domain.js';
import { codeOf } from '../../../core/errors.js';
import { parseIp } from '../../../core/net/ip.js';
import type { Move } from '../../../core/plan.js';
import type { ProtocolAdapter, Transfer, VacateHow } from '../adapter.js';
import type { FrontListener } from '../fronts.js';
import { Fronts } from '../fronts.js';
import { PLAIN_LINK, UNSEEN } from '../servers.js';
import { PlainTransfer } from '../transfer.js';
import { WorkUnderWay } from '../under-way.js';
import type { NfsAdapterParts, NfsContext } from './context.js';
import { NfsCounters } from './counters.js';
import type { NfsExport } from './exports.js';
import { Exports } from './exports.js';
import { HandleTable } from './handle-table.js';
import { Marks } from './marks.js';
import { Mounts } from './mounts.js';
import { NfsClient } from './nfs-client.js';
import { NfsTransfer } from './nfs-transfer.js';
import type { NfsOptions } from './options.js';
import { NFS_DEFAULTS } from './options.js';
import { RecentCalls } from './recent-calls.js';
import { Resolver } from './resolver.js';
import { XdrCursor } from '../../../core/onc-rpc/xdr.js';
import { ServersCalled } from './servers-called.js';
import { Sizes } from './sizes.js';
import { Stability } from './stability.js';

/** All exports are behind each of them. */
export type NfsListener = FrontListener<undefined>;

export interface NfsSetting {
  readonly listeners: readonly NfsListener[];
  readonly exports: readonly NfsExport[];
  readonly options?: Partial<NfsOptions>;
}

/**
 * NFS version 3 with MOUNT and portmapper: each call is a piece of work for one resource, so a client's one connection leads to
 * all servers that have something of it. Clients' handles are the redirector's own, and stay good whichever server is behind.
 */
export class NfsAdapter implements ProtocolAdapter {
  readonly protocol = 'nfs';
  readonly counters = new NfsCounters();
  readonly #parts: NfsAdapterParts;
  readonly #context: NfsContext;
  readonly #fronts: Fronts<undefined, NfsClient>;
  #options: NfsOptions;
  #exports: Exports;
  #areHandlesLoaded = false;

  constructor(parts: NfsAdapterParts, { listeners, exports, options = {} }: NfsSetting) {
    this.#parts = parts;
    this.#options = { ...NFS_DEFAULTS, ...options };
    this.#exports = new Exports(exports);
    this.#context = this.#contextOf(parts);
    const { net, clock } = parts;
    const { counters } = this;
    this.#fronts = new Fronts(
      {
        net,
        clock,
        counters,
        limits: () => this.#options,
        turnedAway: (why) => {
          counters.cutFor(why);
        },
        admit: (connection, _route, onClosed) => {
          counters.accepted += 1;
          return new NfsClient({ connection, context: this.#context, onClosed });
        },
      },
      listeners,
    );
  }

  get addresses(): readonly Address[] {
    return this.#fronts.addresses;
  }

  /** For metrics. */
  get handles(): Pick<HandleTable, 'size' | 'evicted' | 'refused'> {
    return this.#context.table;
  }

  get verifierChanges(): number {
    return this.#context.stability.changes;
  }

  /** @throws ERR_LISTEN_FAILED */
  async start(): Promise<void> {
    if (!this.#areHandlesLoaded) await this.#loadHandles();
    await this.#fronts.start();
  }

  /** Clients of another redirector come here, or those of a former life: with the handles that they have. */
  adopt(): Promise<void> {
    return this.#loadHandles();
  }

  /** Other listeners, exports and options, from the next call on. @throws ERR_LISTEN_FAILED: nothing was changed */
  async reconfigure({ listeners, exports, options = {} }: NfsSetting): Promise<void> {
    await this.#fronts.reconfigure(listeners);
    this.#exports = new Exports(exports);
    this.#options = { ...this.#options, ...options };
  }

  leave(): void {
    this.#fronts.leave();
  }

  /** Takes no more calls; those under way have `graceMs` to end. */
  async stop(graceMs = 10_000): Promise<void> {
    await this.#fronts.stop(graceMs);
    this.#context.servers.closeAll();
  }

  vacate(ip: string, how: VacateHow, signal: AbortSignal): Promise<void> {
    return this.#fronts.vacate(ip, how, signal);
  }

  transfer(move: Move): Transfer {
    const context = this.#context;
    const { gate, drainPolicyOf } = this.#parts;
    const plain = new PlainTransfer(
      move,
      // Whether the target answers is seen when it is asked what it exports.
      { gate, underWay: context.underWay, drainPolicyOf, reach: () => Promise.resolve(undefined) },
      this.#options.obstacleAgeMs,
    );
    return new NfsTransfer(move, { context, plain });
  }

  bypassesFence(resource: ResourceId): boolean {
    return this.#exports.of(resource) !== undefined;
  }

  async #loadHandles(): Promise<void> {
    if (this.#exports.all.length === 0) return;
    this.#areHandlesLoaded = true;
    try {
      await this.#context.table.load();
    } catch (err) {
      if (codeOf(err) === undefined) throw err;
      // Each is asked for when a client comes with it.
      this.#parts.log.error({ err }, 'file handles not found');
    }
  }

  #contextOf(parts: NfsAdapterParts): NfsContext {
    const { net, clock, gate, servers, log, handles, randomBytes, work = UNSEEN } = parts;
    const options = (): NfsOptions => this.#options;
    const exports = (): Exports => this.#exports;
    const serverId = (server: number): ServerId => gate.serverId(server);
    const addressOf = (server: number): Address | undefined =>
      servers.addressOf(gate.serverId(server));
    const linkOf = (server: number): typeof PLAIN_LINK => servers.linkOf(gate.serverId(server));
    const table = new HandleTable(
      {
        ...{ store: handles, log, randomBytes, serverId },
        serverIndexOf: (server) => gate.serverIndexOf(server),
      },
      () => this.#options.handlesMax,
    );
    const called = new ServersCalled({ net, clock, addressOf, linkOf, options });
    return {
      ...{ net, clock, gate, work, table, counters: this.counters },
      get options() {
        return options();
      },
      get exports() {
        return exports();
      },
      mayUse: ({ clients }, host) => clients?.(parseIp(host)) ?? true,
      servers: called,
      resolver: new Resolver({ servers: called, table, exports, linkOf }),
      stability: new Stability(randomBytes, () => this.#options.uncommittedMax),
      sizes: new Sizes(),
      recentCalls: new RecentCalls(clock, () => this.#options.recentCallsMax),
      mounts: new Mounts(() => this.#options.mountsMax),
      underWay: new WorkUnderWay(),
      suspect: (server) => {
        servers.suspect(gate.serverId(server));
      },
      scratch: { cursor: new XdrCursor(), marks: new Marks() },
      port: () => this.addresses[0]?.port ?? 0,
    };
  }
}
