import { describe, expect, it } from '@jest/globals';
import { metricStoreOf } from '../../../../cli/services/metric-store.js';
import { SimulatedClock } from '../../../../core/clock/simulated.js';
import { configSchema } from '../../../../core/config/schema.js';
import { MemoryDisk } from '../../../../core/disk/memory.js';
import { METRICS } from '../../../../core/sample.js';
import { SILENT_LOG } from '../../../../core/log.js';
import type { MetricStore } from '../../../../core/metric-store/port.js';
import { SeededRng } from '../../../../core/rng.js';
import { resourceSeries, sample, serverSeries } from '../../../support/series.js';

const DAY = 86_400_000;

function storeFor(limits: { readonly resourcesMax: number; readonly serversMax: number }) {
  const config = configSchema.parse({ metricStore: { engine: 'embedded' }, limits });
  return metricStoreOf(config, {
    disk: new MemoryDisk(),
    clock: new SimulatedClock(),
    rng: new SeededRng(1),
    log: SILENT_LOG,
    influxPassword: undefined,
  });
}

async function measureAll(store: MetricStore, resources: number, servers: number): Promise<void> {
  const timeMs = 20_000 * DAY;
  for (const metric of METRICS) {
    const ofResources = Array.from({ length: resources }, (_, at) =>
      sample(resourceSeries(`r${at}`, metric), timeMs, 1),
    );
    const ofServers = Array.from({ length: servers }, (_, at) =>
      sample(serverSeries(`s${at}`, metric), timeMs, 1),
    );
    const isOfServers = metric === 'utilization';
    const isOfResources = metric === 'latency' || metric === 'inflight';
    if (!isOfServers) await store.writeSamples(ofResources);
    if (!isOfResources) await store.writeSamples(ofServers);
  }
}

describe('the metric store of a config', () => {
  it('holds all that is measured of as many resources and servers as the config allows', async () => {
    const store = await storeFor({ resourcesMax: 10_000, serversMax: 100 });
    await measureAll(store, 10_000, 100);
    expect(await store.listSeries(0)).toHaveLength(60_500);
    const more = store.writeSamples([sample(resourceSeries('more'), 20_000 * DAY, 1)]);
    await expect(more).rejects.toMatchObject({ code: 'ERR_SERIES_REFUSED', facts: { refused: 1 } });
  });

  it('has room for a small fleet whose names change', async () => {
    const store = await storeFor({ resourcesMax: 1, serversMax: 1 });
    await measureAll(store, 8000, 100);
    expect(await store.listSeries(0)).toHaveLength(48_500);
  });
});
