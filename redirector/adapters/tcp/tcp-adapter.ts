import type { Address, ResourceId, ServerId } from '../../../core/domain.js';
import type { SharedListener } from '../../../core/net/shared-listeners.js';
import type { SwitchMove } from '../../data-plane.js';
import { Tally } from '../../../core/tally.js';
import type { ProtocolAdapter, Transfer, VacateHow } from '../adapter.js';
import type { FrontListener } from '../fronts.js';
import { Fronts } from '../fronts.js';
import { Reaching } from '../reaching.js';
import { UNSEEN, ownConnection } from '../servers.js';
import { PlainTransfer } from '../transfer.js';
import { WorkUnderWay } from '../under-way.js';
import type { TcpAdapterParts, TcpContext } from './context.js';
import { TcpCounters } from './counters.js';
import type { TcpOptions } from './options.js';
import { TCP_DEFAULTS } from './options.js';
import { Relay } from './relay.js';
import type { TcpRoute } from './route.js';
import { mayName } from './route.js';

export type TcpListener = FrontListener<TcpRoute>;

/**
 * Any protocol over TCP: each connection is one piece of work for one resource, from its beginning to its end. New ones wait
 * while their resource moves; what becomes of open ones at the drain's deadline is the resource's drain policy.
 */
export class TcpAdapter implements ProtocolAdapter {
  readonly protocol = 'tcp';
  readonly counters = new TcpCounters();
  readonly #parts: TcpAdapterParts;
  readonly #context: TcpContext;
  readonly #fronts: Fronts<TcpRoute, Relay>;
  readonly #reaching = new Reaching((target, signal) => this.#connect(target, signal));
  #options: TcpOptions;

  constructor(
    parts: TcpAdapterParts,
    listeners: readonly TcpListener[],
    options: Partial<TcpOptions> = {},
  ) {
    this.#parts = parts;
    this.#options = { ...TCP_DEFAULTS, ...options };
    const { net, clock, gate, servers } = parts;
    const { counters } = this;
    const optionsNow = (): TcpOptions => this.#options;
    this.#context = {
      net,
      clock,
      gate,
      counters,
      accessLog: parts.accessLog,
      get options() {
        return optionsNow();
      },
      addressOf: (server) => servers.addressOf(gate.serverId(server)),
      linkOf: (server) => servers.linkOf(gate.serverId(server)),
      suspect: (server) => {
        servers.suspect(gate.serverId(server));
      },
      perServer: new Tally(),
      work: parts.work ?? UNSEEN,
      underWay: new WorkUnderWay(),
    };
    this.#fronts = new Fronts(
      {
        net,
        clock,
        others: parts.others,
        counters,
        limits: () => this.#options,
        turnedAway: (why) => {
          counters.refusedFor(why);
        },
        admit: (connection, route, onClosed) => {
          counters.accepted += 1;
          const relay = new Relay({ connection, context: this.#context, onClosed });
          relay.begin(route());
          return relay;
        },
      },
      listeners,
    );
  }

  get addresses(): readonly Address[] {
    return this.#fronts.addresses;
  }

  get shared(): readonly SharedListener[] {
    return this.#fronts.shared;
  }

  /** @throws ERR_LISTEN_FAILED */
  start(): Promise<void> {
    return this.#fronts.start();
  }

  /** Other listeners, other options, for connections from now on. @throws ERR_LISTEN_FAILED: nothing was changed */
  async reconfigure(
    listeners: readonly TcpListener[],
    options: Partial<TcpOptions>,
  ): Promise<void> {
    await this.#fronts.reconfigure(listeners);
    this.#options = { ...this.#options, ...options };
  }

  leave(): void {
    this.#fronts.leave();
  }

  /** Takes no more connections; those that are open have `graceMs` to end, then they are reset. */
  stop(graceMs = 10_000): Promise<void> {
    return this.#fronts.stop(graceMs);
  }

  vacate(ip: string, how: VacateHow, signal: AbortSignal): Promise<void> {
    return this.#fronts.vacate(ip, how, signal);
  }

  transfer(move: SwitchMove): Transfer {
    const { gate, drainPolicyOf } = this.#parts;
    const { underWay } = this.#context;
    return new PlainTransfer(
      move,
      {
        gate,
        underWay,
        drainPolicyOf,
        // What is not of this protocol may not like to be connected to.
        reach: (target, signal) =>
          this.bypassesFence(move.resource)
            ? this.#reaching.reach(target, signal)
            : Promise.resolve(undefined),
      },
      this.#options.obstacleAgeMs,
    );
  }

  /** What one of its listeners may name. */
  bypassesFence(resource: ResourceId): boolean {
    return this.#fronts.routes.some((route) => mayName(route, resource));
  }

  #connect(target: ServerId, signal: AbortSignal): Promise<string | undefined> {
    const { servers, net } = this.#parts;
    const address = servers.addressOf(target);
    if (address === undefined) return Promise.resolve(`the address of ${target} is not known`);
    return new Promise((resolve) => {
      const { connectTimeoutMs } = this.#options;
      const connection = net.connect(
        address,
        ownConnection(servers.linkOf(target), connectTimeoutMs),
      );
      const onAbort = (): void => {
        connection.destroy();
        resolve('the switch is over');
      };
      const settle = (why: string | undefined): void => {
        signal.removeEventListener('abort', onAbort);
        resolve(why);
      };
      connection.handler = {
        opened: () => {
          connection.destroy();
          settle(undefined);
        },
        data: () => undefined,
        drained: () => undefined,
        ended: () => undefined,
        closed: (reason) => {
          settle(`${target} is ${reason}`);
        },
      };
      signal.addEventListener('abort', onAbort, { once: true });
    });
  }
}
