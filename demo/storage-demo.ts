import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { agentService } from '../cli/services/agent.js';
import { importTrace } from '../collector/import.js';
import { agentToken } from '../core/agent-protocol.js';
import type { Mode, ServerId } from '../core/domain.js';
import { formatAddress } from '../core/domain.js';
import { fail } from '../core/errors.js';
import type { Startable } from '../core/lifecycle.js';
import { SILENT_LOG } from '../core/log.js';
import { NodeNet } from '../core/net/node.js';
import { SERVER } from '../core/table-store/records/server.js';
import type { DemoParts } from './demo.js';
import type { FioJob } from './fio.js';
import { iscsiJob, nfsJob } from './fio.js';
import { freePort } from './free-port.js';
import { appliedMoves } from './moves.js';
import { Narrator } from './narrator.js';
import type { Sight, Stage } from './stage.js';
import { LocalStage, untilSeen } from './stage.js';
import { storagePrograms } from './storage-programs.js';
import type { Volume } from './storage-scene.js';
import {
  CAPACITY_HITS,
  VOLUMES,
  exportPath,
  pastDays,
  storageSettings,
  targetName,
} from './storage-scene.js';
import type { StorageServer, Stores } from './storage-servers.js';
import { FIO_FILE, makeStores, startExports, startTarget } from './storage-servers.js';
import { thisMachine } from './this-machine.js';
import { VolumeLoad, volumeReportSchema } from './volume-load.js';

export interface StorageDemoOptions {
  readonly mode: Mode;
  readonly apiPort: number;
}

export const storageSummarySchema = z.object({
  seconds: z.number(),
  /** Switches that moved something off a server that already had it: first placements do not count. */
  switches: z.number(),
  moves: z.number(),
  holdMsMax: z.number(),
  volumes: z.array(volumeReportSchema),
});
export type StorageSummary = Readonly<z.output<typeof storageSummarySchema>>;

const SECRET = 'the secret of a demo, which ends with it';
const HOST = '127.0.0.1';

/**
 * Two real iSCSI servers (tgtd) and two real NFS servers (nfs-ganesha) over one disk, an agent beside each, and fio, which writes four
 * volumes at the one address of the redirector. One volume of each protocol gets busier than its server can bear together with the
 * other; that it will is known from the days before. All the rest is the real service.
 */
export class StorageDemo {
  readonly #parts: DemoParts;
  readonly #options: StorageDemoOptions;
  readonly #stopping = new AbortController();
  #folder = '';
  #stage: Stage | undefined;
  #narrator: Narrator | undefined;
  readonly #servers: StorageServer[] = [];
  readonly #agents: Startable[] = [];
  #loads: readonly VolumeLoad[] = [];
  #running: Promise<unknown> = Promise.resolve();
  #sights: readonly Sight[] = [];
  /** The first word of what happens. */
  #toldFromMs = 0;
  #startedAtMs = 0;

  constructor(parts: DemoParts, options: StorageDemoOptions) {
    this.#parts = parts;
    this.#options = options;
  }

  /** Where to look. */
  get sights(): readonly Sight[] {
    return this.#sights;
  }

  /** Resolves when the longest show is over. */
  get over(): Promise<unknown> {
    return this.#running;
  }

  /** @throws ERR_DEMO_STORAGE_ABSENT, ERR_PROGRAM_FAILED, ERR_LISTEN_FAILED */
  async start(): Promise<void> {
    const { clock, say } = this.#parts;
    const program = await storagePrograms();
    this.#folder = await mkdtemp(join(tmpdir(), 'foreshift-demo-'));
    // Nothing of it outlives the demo, however that ends, short of kill -9.
    process.once('exit', this.#killServers);
    const shared = join(this.#folder, 'disk');
    await mkdir(shared);
    const stores = await makeStores(shared);
    await this.#startServers(stores);
    const ports = { agents: await freePort(), iscsi: await freePort(), nfs: await freePort() };
    const exporting = this.#servers.filter(({ mountPort }) => mountPort > 0);
    const settings = storageSettings(this.#options.mode, {
      ...{ ...ports, api: this.#options.apiPort, paths: stores },
      mounts: Object.fromEntries(exporting.map(({ id, mountPort }) => [id, mountPort])),
    });
    const stage = await LocalStage.open(this.#parts, {
      ...{ settings, secret: SECRET, folder: this.#folder },
    });
    this.#stage = stage;
    const dayBeganMs = clock.monotonicMs();
    const history = { store: stage.metricStore, clock };
    await importTrace(pastDays(), history, { endMs: clock.realtimeMs() });
    await stage.start();
    this.#narrator = new Narrator({ view: stage.view, clock, say });
    this.#toldFromMs = clock.monotonicMs();
    // All of it is on the first of each, as it is where there was only one; then there is another.
    await this.#join(stage, '1', ports.agents, () => stage.view.table.size === VOLUMES.length);
    await this.#join(stage, '2', ports.agents, () => stage.view.all(SERVER).size === 4);
    this.#loads = VOLUMES.map((volume) => {
      const job = jobOf(volume, ports);
      return new VolumeLoad(volume, { clock, say: this.#tell, program, job });
    });
    this.#sights = [
      ...stage.sights.filter(({ name }) => name !== 'clients'),
      { name: 'iSCSI', url: `iscsi://${HOST}:${ports.iscsi}` },
      { name: 'NFS', url: `nfs://${HOST}:${ports.nfs}` },
      ...this.#servers.map(({ id, at, pid }) => ({ name: id, url: formatAddress(at), pid })),
    ];
    this.#startedAtMs = clock.monotonicMs();
    const { signal } = this.#stopping;
    this.#running = Promise.all(this.#loads.map((load) => load.run(dayBeganMs, signal)));
    // It is waited for in the end.
    this.#running.catch(() => undefined);
  }

  /** Ends the writing, reads all of it back through the redirector, and ends everything. */
  async stop(): Promise<StorageSummary> {
    const { clock } = this.#parts;
    const stage = this.#stage ?? fail('ERR_DEMO_NOT_STARTED');
    const seconds = Math.round((clock.monotonicMs() - this.#startedAtMs) / 1000);
    this.#stopping.abort(new Error('stopping'));
    await this.#running;
    const volumes = await Promise.all(this.#loads.map((load) => load.verify()));
    const { switches, moves, holdMsMax } = appliedMoves(stage.view);
    await this.#end();
    return { seconds, switches, moves, holdMsMax, volumes };
  }

  /** After a failure: nothing of it stays. */
  async abandon(): Promise<void> {
    this.#stopping.abort(new Error('stopping'));
    await this.#running.catch(() => undefined);
    await this.#end();
  }

  async #end(): Promise<void> {
    this.#narrator?.end();
    await this.#stage?.stop().catch(() => undefined);
    for (const agent of this.#agents.splice(0)) await agent.stop().catch(() => undefined);
    this.#killServers();
    await Promise.all(this.#servers.map(({ ended }) => ended));
    process.removeListener('exit', this.#killServers);
    if (this.#folder !== '') await rm(this.#folder, { recursive: true, force: true });
  }

  readonly #killServers = (): void => {
    for (const server of this.#servers) server.kill();
  };

  readonly #tell = (text: string): void => {
    const seconds = ((this.#parts.clock.monotonicMs() - this.#toldFromMs) / 1000).toFixed(1);
    this.#parts.say(`${seconds.padStart(6)} s  ${text}`);
  };

  async #startServers(stores: Stores): Promise<void> {
    for (const number of [1, 2]) {
      const [iscsi, nfs] = [`iscsi-${number}`, `nfs-${number}`];
      for (const id of [iscsi, nfs]) await mkdir(join(this.#folder, id));
      this.#servers.push(await startTarget(iscsi, join(this.#folder, iscsi), stores));
      this.#servers.push(await startExports(nfs, number, join(this.#folder, nfs), stores));
    }
  }

  /** The agents of these servers announce them. */
  async #join(stage: Stage, number: string, port: number, isDone: () => boolean): Promise<void> {
    for (const server of this.#servers.filter(({ id }) => id.endsWith(`-${number}`))) {
      const agent = await this.#agentOf(server, `http://${HOST}:${port}`);
      await agent.start();
      this.#agents.push(agent);
    }
    await untilSeen(stage.view, isDone);
  }

  async #agentOf(server: StorageServer, apiUrl: string): Promise<Startable> {
    const { clock, version } = this.#parts;
    const id = server.id as ServerId;
    const anywhere = { host: HOST, port: 0 };
    const { service } = await agentService(
      {
        ...{ server: id, resources: () => server.resources, shared: [], attached: server.attached },
        ...{ listen: anywhere, forward: server.at, control: anywhere, health: anywhere },
        ...{ advertise: undefined, version, apiUrls: [apiUrl], token: agentToken(SECRET, id) },
        ...{ capacity: { hits: CAPACITY_HITS }, zone: null, metrics: null },
        dataDir: join(this.#folder, `agent-${id}`),
      },
      {
        net: new NodeNet(clock, thisMachine()),
        clock,
        log: SILENT_LOG,
        boot: `${id}-${process.pid}`,
      },
    );
    return service;
  }
}

function jobOf(
  { resource, protocol }: Volume,
  { iscsi, nfs }: { readonly iscsi: number; readonly nfs: number },
): FioJob {
  return protocol === 'nfs'
    ? nfsJob({ host: HOST, port: nfs }, exportPath(resource), FIO_FILE)
    : iscsiJob({ host: HOST, port: iscsi }, targetName(resource));
}
