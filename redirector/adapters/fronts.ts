import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '../../core/clock/port.js';
import type { Address } from '../../core/domain.js';
import type { Trusts } from '../../core/net/ip.js';
import type { Ip } from '../../core/net/ip.js';
import { parseIp } from '../../core/net/ip.js';
import type { Connection, Listener, Net } from '../../core/net/port.js';
import type { SharedListener } from '../../core/net/shared-listeners.js';
import type { ServerTls } from '../../core/net/tls/server-tls.js';
import { Tally } from '../../core/tally.js';
import { within } from '../../core/within.js';
import type { VacateHow } from './adapter.js';
import { Crowd } from './crowd.js';
import { Guest } from './guest.js';

export interface FrontListener<Route> {
  readonly listen: Address;
  readonly route: Route;
  /** Undefined: in the clear, or encrypted for somebody behind. */
  readonly tls?: ServerTls | undefined;
  /** Peers that say for whom they connect, and are believed; undefined: nobody is. */
  readonly proxies?: Trusts | undefined;
}

/** A client that came by a listener, as the listeners know it. Its protocol decides what the four mean to it. */
export interface FrontClient {
  /** Takes everything as before, and says that it is over as soon as that costs nothing. */
  leave(): void;
  /** What is under way is the last; until then the client may take its time. */
  finish(): void;
  /** Nothing new; what is under way ends. */
  stop(): void;
  destroy(): void;
}

export interface FrontsParts<Route, Client> {
  readonly net: Net;
  readonly clock: Clock;
  /** Undefined: there are no others. */
  readonly others?: OtherFronts | undefined;
  /** As they are now; connections of `others` count too. */
  readonly limits: () => FrontLimits;
  readonly counters: FrontCounters;
  /** A connection that is beyond a limit: it is reset. */
  readonly turnedAway: (why: TurnedAway) => void;
  /** `route`: as it is at the moment; `closed`: must be called once, at the end. */
  readonly admit: (connection: Connection, route: () => Route, closed: () => void) => Client;
}

/** Listeners of the same protocol elsewhere, whose connections count against the same limits. */
export interface OtherFronts {
  readonly connections: number;
  /** Never less than there are. */
  ofClient(ip: string): number;
  /** A client of this one. */
  came(ip: string): void;
  went(ip: string): void;
}

export interface FrontLimits {
  /** Of clients; one beyond is reset before a byte of it was read. */
  readonly connectionsMax: number;
  /** The same of one client's IP. */
  readonly connectionsPerClientMax: number;
}

export type TurnedAway = 'tooMany' | 'tooManyOfClient';

/** What the listeners count, of this thread alone. */
export interface FrontCounters {
  /** Open now. */
  connections: number;
  /** Came, and did not come to a first byte: for want of a descriptor, by a TLS handshake or a proxy's header. */
  openingsFailed: number;
}

/** A listener that is open, and who came by it. */
interface Front<Route, Client> {
  wanted: FrontListener<Route>;
  readonly listener: Listener;
  /** No longer wanted. */
  isLeft: boolean;
  readonly clients: Crowd<Client>;
}

/** The listeners of one protocol and their clients, from the opening to the last one's end. */
export class Fronts<Route, Client extends FrontClient> {
  readonly #parts: FrontsParts<Route, Client>;
  /** IPs whose connections end. */
  readonly #vacating = new Set<Ip | undefined>();
  readonly #onForgotten = new Set<() => void>();
  readonly #guests = new Crowd<Guest<Client>>();
  readonly #perClient = new Tally<string>();
  #wanted: readonly FrontListener<Route>[];
  /** In the order of the listeners that are wanted. */
  #fronts: readonly Front<Route, Client>[] = [];
  #isStarted = false;
  #isLeaving = false;

  constructor(parts: FrontsParts<Route, Client>, listeners: readonly FrontListener<Route>[]) {
    this.#parts = parts;
    this.#wanted = listeners;
  }

  /** Where it really listens, in the order of the listeners. */
  get addresses(): readonly Address[] {
    return this.#fronts.map(({ listener: { address } }) => address);
  }

  /** For other threads. */
  get shared(): readonly SharedListener[] {
    return this.#fronts.flatMap(({ wanted: { listen: at }, listener: { descriptor } }) =>
      descriptor === undefined ? [] : [{ at, descriptor }],
    );
  }

  /** Of the listeners that are wanted. */
  get routes(): readonly Route[] {
    return this.#wanted.map(({ route }) => route);
  }

  /** @throws ERR_LISTEN_FAILED */
  async start(): Promise<void> {
    this.#fronts = await this.#open(this.#wanted);
    this.#isStarted = true;
  }

  /**
   * Other listeners. What listens where it did goes on without a break, by its new route from the next work on;
   * a listener that is gone takes no more connections, and those it has leave.
   * @throws ERR_LISTEN_FAILED: nothing was changed
   */
  async reconfigure(listeners: readonly FrontListener<Route>[]): Promise<void> {
    if (this.#isStarted) await this.#listenAt(listeners);
    this.#wanted = listeners;
  }

  leave(): void {
    this.#isLeaving = true;
    for (const { client } of this.#guests.all()) client.leave();
  }

  /** Takes no more connections; what is under way ends; after `graceMs` what is left is cut. */
  async stop(graceMs: number): Promise<void> {
    this.leave();
    this.#isStarted = false;
    for (const { listener } of this.#fronts) await listener.close();
    this.#fronts = [];
    for (const { client } of this.#guests.all()) client.stop();
    await within(this.#parts.clock, graceMs, (signal) =>
      this.#gone(() => this.#guests.size > 0, signal),
    );
    for (const { client } of this.#guests.all()) client.destroy();
  }

  async vacate(ip: string, how: VacateHow, signal: AbortSignal): Promise<void> {
    const at = parseIp(ip);
    this.#vacating.add(at);
    for (const client of this.#clientsAt(at)) {
      if (how === 'finish') client.finish();
      else client.stop();
    }
    await this.#gone(() => this.#hasClientAt(at), signal);
    if (how === 'finish') return;
    this.#vacating.delete(at);
    for (const client of this.#clientsAt(at)) client.destroy();
  }

  /** All of them, or none. @throws ERR_LISTEN_FAILED */
  async #open(wanted: readonly FrontListener<Route>[]): Promise<Front<Route, Client>[]> {
    const opened: Front<Route, Client>[] = [];
    try {
      for (const each of wanted) {
        const accept = (connection: Connection): void => {
          this.#accept(connection, front);
        };
        const listener = await this.#parts.net.listen(each.listen, accept, {
          acceptFailed: () => {
            this.#parts.counters.openingsFailed += 1;
          },
          tls: () => front.wanted.tls,
          proxies: () => front.wanted.proxies,
        });
        const clients = new Crowd<Client>();
        const front: Front<Route, Client> = { wanted: each, listener, isLeft: false, clients };
        opened.push(front);
      }
    } catch (error) {
      for (const { listener } of opened) await listener.close();
      throw error;
    }
    return opened;
  }

  async #listenAt(wanted: readonly FrontListener<Route>[]): Promise<void> {
    const left = [...this.#fronts];
    const kept = wanted.map(({ listen }) => {
      const at = left.findIndex((front) => isDeepStrictEqual(front.wanted.listen, listen));
      return at < 0 ? undefined : left.splice(at, 1)[0];
    });
    const opened = await this.#open(wanted.filter((_, at) => kept[at] === undefined));
    this.#fronts = wanted.flatMap((each, at) => {
      const front = kept[at] ?? opened.shift();
      if (front === undefined) return [];
      front.wanted = each;
      return [front];
    });
    for (const front of left) {
      front.isLeft = true;
      await front.listener.close();
      for (const client of front.clients.all()) client.leave();
    }
  }

  #accept(connection: Connection, front: Front<Route, Client>): void {
    const { host } = connection.remote;
    const { others, counters } = this.#parts;
    const why = this.#tooMany(host);
    if (why !== undefined) {
      this.#parts.turnedAway(why);
      connection.handler = IGNORED;
      connection.reset();
      return;
    }
    counters.connections += 1;
    this.#perClient.add(host);
    others?.came(host);
    const client: Client = this.#parts.admit(
      connection,
      () => front.wanted.route,
      () => {
        counters.connections -= 1;
        front.clients.remove(ofFront);
        this.#guests.remove(ofAll);
        this.#perClient.remove(host);
        others?.went(host);
        for (const look of this.#onForgotten) look();
      },
    );
    const ofFront = front.clients.add(client);
    const guest = new Guest(client, connection);
    const ofAll = this.#guests.add(guest);
    if (this.#isLeaving || front.isLeft) client.leave();
    if (this.#vacating.size > 0 && this.#vacating.has(guest.localIp)) client.finish();
  }

  /** Undefined: there is room for one more. */
  #tooMany(host: string): TurnedAway | undefined {
    const { limits, others } = this.#parts;
    const { connectionsMax, connectionsPerClientMax } = limits();
    if (this.#guests.size + (others?.connections ?? 0) >= connectionsMax) return 'tooMany';
    const ofClient = this.#perClient.of(host) + (others?.ofClient(host) ?? 0);
    return ofClient >= connectionsPerClientMax ? 'tooManyOfClient' : undefined;
  }

  /** Until none of them is left, at the latest when the signal aborts. */
  #gone(isAnyLeft: () => boolean, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const look = (): void => {
        if (!signal.aborted && isAnyLeft()) return;
        this.#onForgotten.delete(look);
        signal.removeEventListener('abort', look);
        resolve();
      };
      this.#onForgotten.add(look);
      signal.addEventListener('abort', look);
      look();
    });
  }

  #clientsAt(ip: Ip | undefined): Client[] {
    const there = this.#guests.all().filter(({ localIp }) => localIp === ip);
    return there.map(({ client }) => client);
  }

  /** Asked for at each end of a connection: stops at the first. */
  #hasClientAt(ip: Ip | undefined): boolean {
    return this.#guests.some(({ localIp }) => localIp === ip);
  }
}

const IGNORED = {
  opened: () => undefined,
  data: () => undefined,
  drained: () => undefined,
  ended: () => undefined,
  closed: () => undefined,
};
