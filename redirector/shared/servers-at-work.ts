import type { Clock } from '../../core/clock/port.js';
import type { ResourceId, ServerId, Sharing } from '../../core/domain.js';
import type { Log } from '../../core/log.js';
import type { Rng } from '../../core/rng.js';
import { SERVER } from '../../core/table-store/records/server.js';
import type { FollowedRecords } from '../../core/table-store/known-records.js';
import type { ServerWork } from '../adapters/servers.js';
import type { Gate } from '../gate.js';
import type { OutliersOptions } from '../health/outliers.js';
import { Outliers } from '../health/outliers.js';
import { ServerLoads } from './server-loads.js';
import { SharedResources } from './shared-resources.js';
import { WorkSeen } from './work-seen.js';

export interface ServersAtWorkParts {
  readonly view: FollowedRecords;
  readonly gate: Gate;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly log: Log;
  /** Find out whether it is lost. */
  readonly suspect: (server: ServerId) => void;
  readonly isReachable: (server: ServerId) => boolean;
  /** Undefined: nothing is shared. */
  readonly sharingOf: ((resource: ResourceId) => Sharing | undefined) | undefined;
}

export interface ServersAtWorkOptions {
  readonly outliers: Partial<OutliersOptions>;
  readonly slowStartMs: number;
}

export const AT_WORK_DEFAULTS: ServersAtWorkOptions = { outliers: {}, slowStartMs: 30_000 };

/** How servers do at the work that goes through here; and what follows for resources that several of them serve. */
export class ServersAtWork {
  readonly loads: ServerLoads;
  readonly outliers: Outliers;
  readonly seen: ServerWork;
  readonly shared: SharedResources | undefined;

  constructor(parts: ServersAtWorkParts, options: ServersAtWorkOptions) {
    const { view, gate, clock, log, suspect, sharingOf } = parts;
    const loads = new ServerLoads(clock);
    const outliers = new Outliers(
      {
        clock,
        servers: () => view.all(SERVER).size,
        suspect: (server) => {
          suspect(gate.serverId(server));
        },
        onEjected: (server) => {
          log.warn({ server: gate.serverId(server) }, 'server ejected');
          this.look();
        },
      },
      options.outliers,
    );
    this.loads = loads;
    this.outliers = outliers;
    this.seen = new WorkSeen({ loads, outliers });
    this.shared =
      sharingOf && new SharedResources({ ...parts, loads, outliers, sharingOf }, options);
  }

  /** Until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    await this.shared?.run(signal);
  }

  reconfigure(options: ServersAtWorkOptions): void {
    this.outliers.reconfigure(options.outliers);
    this.shared?.reconfigure(options);
  }

  /** A server is well or not, and was otherwise before. */
  look(): void {
    this.shared?.look();
  }
}
