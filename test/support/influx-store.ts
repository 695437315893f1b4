import type { Clock } from '../../core/clock/port.js';
import { SystemClock } from '../../core/clock/system.js';
import { SILENT_LOG } from '../../core/log.js';
import type { InfluxMetricStoreOptions } from '../../core/metric-store/influx/store.js';
import { InfluxMetricStore } from '../../core/metric-store/influx/store.js';
import { NodeNet } from '../../core/net/node.js';
import { SeededRng } from '../../core/rng.js';
import { thisMachine } from '../../demo/this-machine.js';

const DAY = 86_400_000;
export const KEPT_FOR = {
  rawRetentionMs: 3 * DAY,
  rollupMs: 300_000,
  rollupRetentionMs: 60 * DAY,
  forecastRetentionMs: 30 * DAY,
};

/** A store on an InfluxDB of this machine, by real sockets. */
export function influxStore(
  options: Pick<InfluxMetricStoreOptions, 'url' | 'database'> & Partial<InfluxMetricStoreOptions>,
  clock: Clock = new SystemClock(),
): InfluxMetricStore {
  const parts = {
    net: new NodeNet(clock, thisMachine()),
    clock,
    rng: new SeededRng(1),
    log: SILENT_LOG,
  };
  return new InfluxMetricStore(parts, { ...KEPT_FOR, ...options });
}
