import { isDeepStrictEqual } from 'node:util';
import { Collector } from '../../collector/collector.js';
import { Outbox } from '../../collector/outbox.js';
import type { MemberTarget } from '../../collector/member-counters.js';
import { Spool } from '../../collector/spool.js';
import type { Target } from '../../collector/target.js';
import { redirectorsTarget, serverTarget } from '../../collector/target.js';
import type { Clock } from '../../core/clock/port.js';
import type { Config } from '../../core/config/schema.js';
import type { Disk } from '../../core/disk/port.js';
import type { Log } from '../../core/log.js';
import type { MetricStore } from '../../core/metric-store/port.js';
import type { Net } from '../../core/net/port.js';
import type { Rng } from '../../core/rng.js';
import { SERVER } from '../../core/table-store/records/server.js';
import type { TableView } from '../../core/table-store/view.js';

export interface CollectorParts {
  readonly clock: Clock;
  readonly rng: Rng;
  readonly log: Log;
  readonly net: Net;
  /** For the redirectors' counters: listeners of ours, which `net` never connects to. */
  readonly membersNet: Net;
  readonly disk: Disk;
  readonly view: TableView;
  readonly metricStore: MetricStore;
  /** Where each redirector tells its counters. */
  readonly members: () => readonly MemberTarget[];
}

export interface CollectorService {
  readonly collector: Collector;
  /** What a reload changes of it. */
  readonly reconfigure: (config: Config) => void;
}

/** The collector as the config wants it: polls the servers that the table store knows, and the redirectors. */
export async function collectorOf(
  config: Config,
  parts: CollectorParts,
): Promise<CollectorService> {
  const { clock, rng, net, membersNet, disk, view, metricStore, members } = parts;
  const log = parts.log.child({ room: 'collector' });
  const bytesMax = config.collector.spoolBytesMax;
  const spool = await Spool.open({ disk, clock, log }, { bytesMax });
  const outbox = new Outbox({ store: metricStore, spool, clock, log });
  const { resourcesMax } = config.limits;
  let options = { ...config.collector, resourcesMax };
  const targets = (): Target[] => [
    redirectorsTarget({ net: membersNet, clock, members }, options),
    ...[...view.all(SERVER)].flatMap(([id, { value }]) => {
      const { metrics, capacity } = value;
      return metrics === null ? [] : [serverTarget(net, { id, metrics, capacity }, options)];
    }),
  ];
  const targetsMax = config.limits.serversMax + 1;
  const collector = new Collector({ clock, rng, log, outbox, targets }, { ...options, targetsMax });
  return {
    collector,
    reconfigure: (now) => {
      const before = options;
      options = { ...now.collector, resourcesMax };
      if (!isDeepStrictEqual(options, before)) collector.reconfigure(options);
    },
  };
}
