import { expect } from '@jest/globals';
import type { Clock } from '../../core/clock/port.js';
import type { Address } from '../../core/domain.js';
import type { Listener, Net } from '../../core/net/port.js';
import { Peer } from './peer.js';

/** A network with a server's and a client's view of it, and what makes its events happen. */
export interface NetWorld {
  readonly server: Net;
  readonly client: Net;
  readonly clock: Clock;
  /** Where the server may listen: port 0. */
  readonly at: Address;
  /** Lets the world run until the promise is settled. */
  until<T>(promise: Promise<T>): Promise<T>;
}

interface Meeting {
  readonly client: Peer;
  readonly server: Peer;
  readonly listener: Listener;
}

/** Where peers meet, in a world of their own for each test; after it every one of them has heard its end, once. */
export class MeetingPlace implements NetWorld {
  #world: NetWorld | undefined;
  #listeners: Listener[] = [];
  #peers: Peer[] = [];

  open(world: NetWorld): void {
    this.#world = world;
  }

  async close(): Promise<void> {
    for (const peer of this.#peers) {
      expect(peer.early).toBe(0);
      peer.connection.destroy();
    }
    await this.until(Promise.all(this.#peers.map((peer) => peer.hears('closed'))));
    for (const peer of this.#peers) {
      const last = peer.heard.filter((event) => event.startsWith('closed'));
      expect(last).toEqual([peer.heard.at(-1)]);
    }
    await Promise.all(this.#listeners.map((listener) => listener.close()));
    this.#listeners = [];
    this.#peers = [];
  }

  get server(): Net {
    return this.#open.server;
  }

  get client(): Net {
    return this.#open.client;
  }

  get clock(): Clock {
    return this.#open.clock;
  }

  get at(): Address {
    return this.#open.at;
  }

  until<T>(promise: Promise<T>): Promise<T> {
    return this.#open.until(promise);
  }

  listen(accept: (peer: Peer) => void): Promise<Listener> {
    return this.listenPlainly((connection) => {
      accept(this.#peerOf(connection));
    });
  }

  /** Nobody writes down what these connections hear. */
  async listenPlainly(accept: Parameters<Net['listen']>[1]): Promise<Listener> {
    const listener = await this.until(this.server.listen(this.at, accept));
    this.#listeners.push(listener);
    return listener;
  }

  connect(to: Address): Peer {
    return this.#peerOf(this.client.connect(to, { timeoutMs: 10_000 }));
  }

  /** A client connected to a server. */
  async meet(): Promise<Meeting> {
    let accepted: (peer: Peer) => void;
    const server = new Promise<Peer>((resolve) => {
      accepted = resolve;
    });
    const listener = await this.listen((peer) => {
      accepted(peer);
    });
    const client = this.connect(listener.address);
    await this.until(client.hears('opened'));
    return { client, server: await this.until(server), listener };
  }

  /** Where nothing listens. */
  async freeAddress(): Promise<Address> {
    const listener = await this.listen(() => undefined);
    await listener.close();
    return listener.address;
  }

  get #open(): NetWorld {
    if (this.#world === undefined) throw new Error('no test has begun');
    return this.#world;
  }

  #peerOf(connection: Peer['connection']): Peer {
    const peer = new Peer(connection);
    this.#peers.push(peer);
    return peer;
  }
}
