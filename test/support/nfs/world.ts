import { SimulatedClock } from '../../../core/clock/simulated.js';
import type { DrainPolicy, ServerId } from '../../../core/domain.js';
import { SILENT_LOG } from '../../../core/log.js';
import { SimulatedNet } from '../../../core/net/simulated.js';
import { SeededRng, integerBelow } from '../../../core/rng.js';
import { MemorySessionStore } from '../../../core/session-store/memory.js';
import type { SessionStore } from '../../../core/session-store/port.js';
import type { NfsExport } from '../../../redirector/adapters/nfs/exports.js';
import { NfsAdapter } from '../../../redirector/adapters/nfs/nfs-adapter.js';
import type { NfsOptions } from '../../../redirector/adapters/nfs/options.js';
import { PLAIN_LINK } from '../../../redirector/adapters/servers.js';
import { Gate } from '../../../redirector/gate.js';
import { LocalDataPlane } from '../../../redirector/local-data-plane.js';
import type { VolumeMove } from '../moved-volume.js';
import { movedVolume } from '../moved-volume.js';
import { r, tableOf } from '../names.js';
import { stepUntil } from '../step-until.js';
import { NfsTester } from './client.js';
import { FakeNfsServer, SharedDisk } from './fake-server.js';

const DRAIN_TIMEOUT_MS = 1000;

export interface NfsWorldOptions {
  readonly drain?: DrainPolicy;
  readonly options?: Partial<NfsOptions>;
  /** Beside or over what `/vol` is otherwise. */
  readonly export?: Partial<NfsExport>;
  readonly handles?: SessionStore;
}

/**
 * The NFS side of a redirector on a simulated network, over the fake servers `s1` and `s2`, which share the disks of `vol-1` (at
 * `s1`) and, for `other`, have `vol-2` at `s2`.
 */
export class NfsWorld {
  readonly clock = new SimulatedClock();
  readonly net: SimulatedNet;
  readonly gate: Gate;
  readonly disk = new SharedDisk();
  readonly servers: Readonly<Record<'s1' | 's2', FakeNfsServer>>;
  readonly suspected: ServerId[] = [];
  readonly handles: SessionStore;
  adapter: NfsAdapter;
  dataPlane: LocalDataPlane;
  readonly #given: NfsWorldOptions;
  readonly #rng = new SeededRng(7);

  constructor(given: NfsWorldOptions = {}) {
    this.#given = given;
    this.handles = given.handles ?? new MemorySessionStore();
    const { clock } = this;
    this.net = new SimulatedNet(clock, new SeededRng(1), { windowBytes: 1 << 20 });
    this.gate = new Gate({ clock, needsLease: () => false });
    this.gate.apply(tableOf({ 'vol-1': 's1@1.1', 'vol-2': 's2@1.1' }));
    this.servers = {
      s1: new FakeNfsServer(this.net.host('s1'), 's1', this.disk),
      s2: new FakeNfsServer(this.net.host('s2'), 's2', this.disk),
    };
    this.adapter = this.#adapterOf('proxy');
    this.dataPlane = this.#dataPlaneOf();
  }

  async start(): Promise<void> {
    await this.servers.s1.start();
    await this.servers.s2.start();
    await this.adapter.start();
  }

  /** Another process, on another host, over the same store. */
  async restart(): Promise<void> {
    void this.adapter.stop(0);
    await this.clock.advance(10);
    this.adapter = this.#adapterOf(`proxy-${integerBelow(this.#rng, 1 << 30)}`);
    this.dataPlane = this.#dataPlaneOf();
    await this.adapter.start();
  }

  /** One more, which nobody has asked for anything. */
  async second(): Promise<NfsAdapter> {
    const adapter = this.#adapterOf('proxy-2');
    await adapter.start();
    return adapter;
  }

  client(host = 'client', adapter = this.adapter): NfsTester {
    const [at = { host: 'proxy', port: 2049 }] = adapter.addresses;
    return new NfsTester(this.net.host(host), at);
  }

  /** Simulated time goes on until it is there. */
  of<Result>(promise: Promise<Result>): Promise<Result> {
    return stepUntil(this.clock, promise, 30_000);
  }

  async mounted(client: NfsTester, path = '/vol'): Promise<Uint8Array> {
    return this.of(client.mounted(path));
  }

  /** `vol-1` from one to the other; what is in its way is returned. */
  switch(
    source: VolumeMove['source'],
    target: VolumeMove['target'],
    how: Pick<VolumeMove, 'isLost' | 'epoch'> = {},
  ): Promise<readonly string[]> {
    return movedVolume(this, { source, target, ...how }, { 'vol-2': 's2@1.1' });
  }

  #adapterOf(host: string): NfsAdapter {
    const { drain = 'abort', options = {} } = this.#given;
    const { clock, gate } = this;
    const exportOf = (path: string, resource: string): NfsExport => ({
      ...{ path, resource: r(resource), serverPath: '/data', clients: undefined, clientNames: [] },
      ...{ isReadOnly: false, squash: 'none', anonymous: { uid: 65_534, gid: 65_534 } },
    });
    return new NfsAdapter(
      {
        ...{ clock, gate, log: SILENT_LOG, net: this.net.host(host), handles: this.handles },
        servers: {
          addressOf: (server) => ({ host: server, port: 2049 }),
          linkOf: () => ({ ...PLAIN_LINK, mountPort: 635 }),
          suspect: (server) => this.suspected.push(server),
        },
        drainPolicyOf: () => drain,
        randomBytes: (length) => Uint8Array.from({ length }, () => integerBelow(this.#rng, 256)),
      },
      {
        listeners: [{ listen: { host, port: 2049 }, route: undefined }],
        exports: [
          { ...exportOf('/vol', 'vol-1'), ...this.#given.export },
          exportOf('/other', 'vol-2'),
        ],
        options,
      },
    );
  }

  #dataPlaneOf(): LocalDataPlane {
    const { gate, clock, adapter } = this;
    const options = { drainTimeoutMs: DRAIN_TIMEOUT_MS };
    return new LocalDataPlane({ gate, adapters: [adapter], clock }, options);
  }
}

/** A client that has mounted `/vol`. */
export async function started(
  given: NfsWorldOptions = {},
): Promise<{ readonly world: NfsWorld; readonly client: NfsTester; readonly root: Uint8Array }> {
  const world = new NfsWorld(given);
  await world.start();
  const client = world.client();
  const root = await world.mounted(client);
  return { world, client, root };
}
