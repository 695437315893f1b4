import type { Clock } from '../../core/clock/port.js';
import type { Config } from '../../core/config/schema.js';
import type { Disk } from '../../core/disk/port.js';
import type { Log } from '../../core/log.js';
import { EmbeddedMetricStore } from '../../core/metric-store/embedded.js';
import { fleetLimits } from '../../core/metric-store/limits.js';
import type { MetricStore } from '../../core/metric-store/port.js';
import { OutboundGuard } from '../../core/net/guard.js';
import { NodeNet } from '../../core/net/node.js';
import type { Rng } from '../../core/rng.js';

export interface MetricStoreParts {
  readonly disk: Disk;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly log: Log;
  readonly influxPassword: string | undefined;
}

/** The metric store that the config names. @throws ERR_DATA_LOCKED, ERR_DISK_FAILED */
export async function metricStoreOf(
  { metricStore, limits }: Config,
  { influxPassword, ...parts }: MetricStoreParts,
): Promise<MetricStore> {
  const { engine, influx, ...retention } = metricStore;
  if (engine === 'embedded') {
    return EmbeddedMetricStore.open(parts, { ...retention, limits: fleetLimits(limits) });
  }
  const guard = new OutboundGuard({
    networks: limits.outboundNetworks,
    ports: [{ first: 1, last: 65_535 }],
    excluded: [],
  });
  const { InfluxMetricStore } = await import('../../core/metric-store/influx/store.js');
  const net = new NodeNet(parts.clock, guard);
  const access = { ...influx, password: influxPassword };
  return new InfluxMetricStore(
    { ...parts, net },
    { ...access, ...retention, limits: fleetLimits(limits) },
  );
}
