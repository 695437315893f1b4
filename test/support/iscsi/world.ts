import { SimulatedClock } from '../../../core/clock/simulated.js';
import type { DrainPolicy, ServerId } from '../../../core/domain.js';
import type { ForeshiftError } from '../../../core/errors.js';
import { SimulatedNet } from '../../../core/net/simulated.js';
import { SeededRng, integerBelow } from '../../../core/rng.js';
import type { LoginOf } from '../../../redirector/adapters/iscsi/iscsi-adapter.js';
import { IscsiAdapter } from '../../../redirector/adapters/iscsi/iscsi-adapter.js';
import type { IscsiOptions } from '../../../redirector/adapters/iscsi/options.js';
import type { ClientTarget, IscsiTarget } from '../../../redirector/adapters/iscsi/targets.js';
import { PLAIN_LINK } from '../../../redirector/adapters/servers.js';
import { Gate } from '../../../redirector/gate.js';
import { LocalDataPlane } from '../../../redirector/local-data-plane.js';
import type { SessionKeeping } from '../../../redirector/traffic.js';
import type { VolumeMove } from '../moved-volume.js';
import { movedVolume } from '../moved-volume.js';
import { r, tableOf } from '../names.js';
import { stepUntil } from '../step-until.js';
import { FakeTarget, SharedUnit } from './fake-target.js';
import { Initiator } from './initiator.js';

export const TARGET = 'iqn.2026-01.test:vol';
const DRAIN_TIMEOUT_MS = 1000;

export interface IscsiWorldOptions {
  /** Left out: one of its own. */
  readonly clock?: SimulatedClock;
  readonly drain?: DrainPolicy;
  readonly options?: Partial<IscsiOptions>;
  /** Beside or over what the target is otherwise. */
  readonly target?: Partial<IscsiTarget>;
  /** Instead of the one target. */
  readonly targets?: readonly ClientTarget[];
  /** Of the table; left out: `vol-1` at `s1`. */
  readonly rows?: Readonly<Record<string, string>>;
  /** What `s2` shows; left out: the same unit as `s1`. */
  readonly other?: SharedUnit;
  /** Where what clients have reserved is kept; left out: nowhere. */
  readonly sessions?: SessionKeeping;
  /** What the credential table has, by user; of servers, by `server-chap/USER`. */
  readonly stored?: Readonly<Record<string, string>>;
  /** How the redirector logs on to servers. */
  readonly loginOf?: LoginOf;
}

/** The iSCSI side of a redirector on a simulated network, over the fake targets `s1` and `s2`, which share a unit; it is at `s1`. */
export class IscsiWorld {
  readonly clock: SimulatedClock;
  readonly net: SimulatedNet;
  readonly gate: Gate;
  readonly unit = new SharedUnit(1024);
  readonly targets: Readonly<Record<'s1' | 's2', FakeTarget>>;
  readonly suspected: ServerId[] = [];
  readonly loginFaults: ForeshiftError[] = [];
  readonly adapter: IscsiAdapter;
  readonly dataPlane: LocalDataPlane;

  readonly #given: IscsiWorldOptions;
  readonly #rng = new SeededRng(7);

  constructor(given: IscsiWorldOptions = {}) {
    this.#given = given;
    this.clock = given.clock ?? new SimulatedClock();
    this.net = new SimulatedNet(this.clock, new SeededRng(1), { windowBytes: 1 << 20 });
    this.targets = {
      s1: new FakeTarget(this.net.host('s1'), 's1', this.unit),
      s2: new FakeTarget(this.net.host('s2'), 's2', given.other ?? this.unit),
    };
    this.gate = this.#newGate();
    this.adapter = this.#adapterAt('proxy', this.gate, given.sessions);
    this.dataPlane = new LocalDataPlane(
      { gate: this.gate, adapters: [this.adapter], clock: this.clock },
      { drainTimeoutMs: DRAIN_TIMEOUT_MS },
    );
  }

  /** Another redirector, at that host, before the same targets. */
  async another(host: string, sessions: SessionKeeping): Promise<IscsiAdapter> {
    const adapter = this.#adapterAt(host, this.#newGate(), sessions);
    await adapter.start();
    return adapter;
  }

  #newGate(): Gate {
    const gate = new Gate({ clock: this.clock, needsLease: () => false });
    gate.apply(tableOf(this.#given.rows ?? { 'vol-1': 's1@1.1' }));
    return gate;
  }

  #adapterAt(host: string, gate: Gate, sessions: SessionKeeping | undefined): IscsiAdapter {
    const {
      drain = 'abort',
      options = {},
      target = {},
      targets,
      stored = {},
      loginOf,
    } = this.#given;
    return new IscsiAdapter(
      {
        ...{ clock: this.clock, gate, net: this.net.host(host), drainPolicyOf: () => drain },
        servers: {
          addressOf: (server) => ({ host: server, port: 3260 }),
          linkOf: () => PLAIN_LINK,
          suspect: (server) => this.suspected.push(server),
        },
        sessions,
        storedSecretOf: ({ kind, user }) => stored[kind === 'chap' ? user : `${kind}/${user}`],
        loginRefused: (fault) => this.loginFaults.push(fault),
        randomBytes: (length) => Uint8Array.from({ length }, () => integerBelow(this.#rng, 256)),
      },
      {
        listeners: [{ listen: { host, port: 3260 }, route: undefined }],
        targets: targets ?? [
          {
            ...{ name: TARGET, resource: r('vol-1'), serverName: 'iqn.2026-01.test:back' },
            ...{
              clients: undefined,
              initiators: undefined,
              chap: undefined,
              mutualChap: undefined,
            },
            ...target,
          },
        ],
        loginOf,
        options,
      },
    );
  }

  async start(): Promise<void> {
    await this.targets.s1.start();
    await this.targets.s2.start();
    await this.adapter.start();
  }

  initiator(name?: string, host = 'client', to = 'proxy'): Initiator {
    return new Initiator(this.net.host(host), { host: to, port: 3260 }, name);
  }

  async loggedIn(name?: string, to?: string): Promise<Initiator> {
    const initiator = this.initiator(name, 'client', to);
    const status = await this.of(initiator.login(TARGET));
    if (status !== 0) throw new Error(`login: ${String(status)}`);
    return initiator;
  }

  /** Simulated time goes on until it is there. */
  of<Result>(promise: Promise<Result>): Promise<Result> {
    return stepUntil(this.clock, promise, 30_000);
  }

  /** `vol-1` from one to the other; what is in its way is returned. */
  switch(
    source: VolumeMove['source'],
    target: VolumeMove['target'],
    how: Pick<VolumeMove, 'isLost' | 'epoch'> = {},
  ): Promise<readonly string[]> {
    return movedVolume(this, { source, target, ...how });
  }
}

export async function started(given: IscsiWorldOptions = {}): Promise<IscsiWorld> {
  const world = new IscsiWorld(given);
  await world.start();
  return world;
}
