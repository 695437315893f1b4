import { SimulatedClock } from '../../core/clock/simulated.js';
import type { DrainPolicy, ServerId } from '../../core/domain.js';
import type { Move } from '../../core/plan.js';
import { SimulatedNet } from '../../core/net/simulated.js';
import { SeededRng } from '../../core/rng.js';
import type { TcpOptions } from '../../redirector/adapters/tcp/options.js';
import type { TcpRoute } from '../../redirector/adapters/tcp/route.js';
import { TcpAdapter } from '../../redirector/adapters/tcp/tcp-adapter.js';
import { Gate } from '../../redirector/gate.js';
import { LocalDataPlane } from '../../redirector/local-data-plane.js';
import { g, r, s, tableOf } from './names.js';
import { Peer } from './peer.js';

const AT = { host: 'proxy', port: 80 };
export const DRAIN_TIMEOUT_MS = 1000;

export interface TcpWorldOptions {
  readonly drain?: DrainPolicy;
  readonly route?: TcpRoute;
  readonly options?: Partial<TcpOptions>;
  readonly windowBytes?: number;
  readonly needsLease?: boolean;
  readonly seed?: number;
}

/** The TCP side of a redirector on a simulated network, its servers `s1` and `s2`, and clients: `vol-1` is at `s1`. */
export class TcpWorld {
  readonly clock = new SimulatedClock();
  readonly net: SimulatedNet;
  readonly gate: Gate;
  readonly adapter: TcpAdapter;
  readonly dataPlane: LocalDataPlane;
  readonly suspected: ServerId[] = [];
  /** Connections that each server ever had, in their order. */
  readonly at: Record<'s1' | 's2', Peer[]> = { s1: [], s2: [] };

  constructor(given: TcpWorldOptions = {}) {
    const { clock } = this;
    const { drain = 'abort', windowBytes = 1000, needsLease = false, seed = 1 } = given;
    this.net = new SimulatedNet(clock, new SeededRng(seed), { windowBytes });
    this.gate = new Gate({ clock, needsLease: () => needsLease });
    this.gate.apply(tableOf({ 'vol-1': 's1@1.1' }));
    const { route = { by: 'listener', resource: r('vol-1') } } = given;
    this.adapter = new TcpAdapter(
      {
        clock,
        net: this.net.host('proxy'),
        gate: this.gate,
        servers: {
          addressOf: (server) => ({ host: server, port: 80 }),
          suspect: (server) => this.suspected.push(server),
        },
        drainPolicyOf: () => drain,
      },
      [{ listen: AT, route }],
      given.options,
    );
    this.dataPlane = new LocalDataPlane(
      { gate: this.gate, adapters: [this.adapter], clock },
      { drainTimeoutMs: DRAIN_TIMEOUT_MS },
    );
  }

  async start(): Promise<void> {
    await this.adapter.start();
    for (const name of ['s1', 's2'] as const) await this.listen(name);
  }

  /** The server comes up, or up again. */
  async listen(name: 's1' | 's2'): Promise<void> {
    await this.net.host(name).listen({ host: name, port: 80 }, (connection) => {
      this.at[name].push(new Peer(connection));
    });
  }

  client(host = 'client'): Peer {
    return new Peer(this.net.host(host).connect(AT, { timeoutMs: 1000 }));
  }

  /** A client whose bytes have reached `s1`. */
  async connected(text = 'hello'): Promise<{ readonly client: Peer; readonly server: Peer }> {
    const client = this.client();
    client.does((c) => c.write(Buffer.from(text)));
    await this.clock.advance(50);
    const server = this.at.s1.at(-1);
    if (server === undefined) throw new Error('it did not reach its server');
    return { client, server };
  }

  /** `vol-1` from `s1` to `s2`. */
  readonly move: Move = {
    resource: r('vol-1'),
    source: s('s1'),
    target: s('s2'),
    reason: { kind: 'operator', text: 'test' },
  } as unknown as Move;

  readonly batch = { generation: g('1.2'), moves: [this.move], lost: [] };

  /** What a coordinator does with it; what could not be drained is returned, and then nothing has moved. */
  async switch(): Promise<readonly string[]> {
    const { signal } = new AbortController();
    await this.dataPlane.hold(this.batch);
    const draining = this.dataPlane.drain(this.batch, signal);
    await this.clock.advance(DRAIN_TIMEOUT_MS);
    const obstacles = await draining;
    if (obstacles.length === 0) this.dataPlane.apply(tableOf({ 'vol-1': 's2@1.2' }, '1.2000'));
    this.dataPlane.resume(this.batch, obstacles.length === 0);
    await this.clock.advance(50);
    return obstacles.map(({ what }) => what);
  }
}

/** What a server said last, to whom. */
export function say(peer: Peer | undefined, text: string): boolean {
  return peer?.does((connection) => connection.write(Buffer.from(text))) ?? false;
}

export function finish(peer: Peer | undefined): void {
  peer?.does((connection) => {
    connection.end();
  });
}
