import { SimulatedClock } from '../../../core/clock/simulated.js';
import type { DrainPolicy, ServerId } from '../../../core/domain.js';
import { SimulatedNet } from '../../../core/net/simulated.js';
import { SeededRng, integerBelow } from '../../../core/rng.js';
import { IscsiAdapter } from '../../../redirector/adapters/iscsi/iscsi-adapter.js';
import type { IscsiOptions } from '../../../redirector/adapters/iscsi/options.js';
import type { IscsiTarget } from '../../../redirector/adapters/iscsi/targets.js';
import { PLAIN_LINK } from '../../../redirector/adapters/servers.js';
import { Gate } from '../../../redirector/gate.js';
import { LocalDataPlane } from '../../../redirector/local-data-plane.js';
import type { SwitchMove } from '../../../redirector/data-plane.js';
import { g, r, s, tableOf } from '../names.js';
import { FakeTarget, SharedUnit } from './fake-target.js';
import { Initiator } from './initiator.js';

export const TARGET = 'iqn.2026-01.test:vol';
const DRAIN_TIMEOUT_MS = 1000;

export interface IscsiWorldOptions {
  readonly drain?: DrainPolicy;
  readonly options?: Partial<IscsiOptions>;
  /** Beside or over what the target is otherwise. */
  readonly target?: Partial<IscsiTarget>;
  /** What `s2` shows; left out: the same unit as `s1`. */
  readonly other?: SharedUnit;
  /** What the credential table has, by user. */
  readonly stored?: Readonly<Record<string, string>>;
}

/** The iSCSI side of a redirector on a simulated network, over the fake targets `s1` and `s2`, which share a unit; it is at `s1`. */
export class IscsiWorld {
  readonly clock = new SimulatedClock();
  readonly net: SimulatedNet;
  readonly gate: Gate;
  readonly unit = new SharedUnit(1024);
  readonly targets: Readonly<Record<'s1' | 's2', FakeTarget>>;
  readonly suspected: ServerId[] = [];
  readonly adapter: IscsiAdapter;
  readonly dataPlane: LocalDataPlane;

  constructor({
    drain = 'abort',
    options = {},
    target = {},
    other,
    stored = {},
  }: IscsiWorldOptions = {}) {
    const { clock } = this;
    const rng = new SeededRng(7);
    this.net = new SimulatedNet(clock, new SeededRng(1), { windowBytes: 1 << 20 });
    const gate = new Gate({ clock, needsLease: () => false });
    this.gate = gate;
    gate.apply(tableOf({ 'vol-1': 's1@1.1' }));
    this.targets = {
      s1: new FakeTarget(this.net.host('s1'), 's1', this.unit),
      s2: new FakeTarget(this.net.host('s2'), 's2', other ?? this.unit),
    };
    this.adapter = new IscsiAdapter(
      {
        ...{ clock, gate, net: this.net.host('proxy'), drainPolicyOf: () => drain },
        servers: {
          addressOf: (server) => ({ host: server, port: 3260 }),
          linkOf: () => PLAIN_LINK,
          suspect: (server) => this.suspected.push(server),
        },
        storedSecretOf: (user) => stored[user],
        randomBytes: (length) => Uint8Array.from({ length }, () => integerBelow(rng, 256)),
      },
      {
        listeners: [{ listen: { host: 'proxy', port: 3260 }, route: undefined }],
        targets: [
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
        options,
      },
    );
    this.dataPlane = new LocalDataPlane(
      { gate, adapters: [this.adapter], clock },
      { drainTimeoutMs: DRAIN_TIMEOUT_MS },
    );
  }

  async start(): Promise<void> {
    await this.targets.s1.start();
    await this.targets.s2.start();
    await this.adapter.start();
  }

  initiator(name?: string, host = 'client'): Initiator {
    return new Initiator(this.net.host(host), { host: 'proxy', port: 3260 }, name);
  }

  async loggedIn(name?: string): Promise<Initiator> {
    const initiator = this.initiator(name);
    const status = await this.of(initiator.login(TARGET));
    if (status !== 0) throw new Error(`login: ${String(status)}`);
    return initiator;
  }

  /** Simulated time goes on until it is there. */
  async of<Result>(promise: Promise<Result>, withinMs = 60_000): Promise<Result> {
    const progress: { result?: { readonly value: Result } } = {};
    void promise.then((value) => {
      progress.result = { value };
    });
    for (let ms = 0; ms <= withinMs; ms += 5) {
      if (progress.result !== undefined) return progress.result.value;
      await this.clock.advance(5);
    }
    throw new Error(`nothing within ${withinMs} ms`);
  }

  /** `vol-1` from one to the other, as a coordinator does it; what is in its way is returned, and then it stays. */
  async switch(
    source: 's1' | 's2',
    target: 's1' | 's2',
    { isLost = false, epoch = '1.2' }: { isLost?: boolean; epoch?: string } = {},
  ): Promise<readonly string[]> {
    const move = {
      resource: r('vol-1'),
      source: s(source),
      target: s(target),
    } as unknown as SwitchMove;
    const batch = { generation: g(epoch), moves: [move], lost: isLost ? [s(source)] : [] };
    const { signal } = new AbortController();
    await this.dataPlane.hold(batch);
    const obstacles = await this.of(this.dataPlane.drain(batch, signal));
    const refusals =
      obstacles.length > 0 ? [] : await this.of(this.dataPlane.attach(batch, signal));
    const why = [...obstacles.map(({ what }) => what), ...refusals.map((each) => each.why)];
    if (why.length === 0) {
      this.dataPlane.apply(tableOf({ 'vol-1': `${target}@${epoch}` }, `${epoch}000`));
    }
    this.dataPlane.resume(batch, why.length === 0);
    return why;
  }
}

export async function started(given: IscsiWorldOptions = {}): Promise<IscsiWorld> {
  const world = new IscsiWorld(given);
  await world.start();
  return world;
}
