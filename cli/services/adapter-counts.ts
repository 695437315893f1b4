import type { MetricSource } from '../../core/metrics.js';
import type { ProtocolAdapter } from '../../redirector/adapters/adapter.js';
import { HttpCounters } from '../../redirector/adapters/http/counters.js';
import { HttpAdapter } from '../../redirector/adapters/http/http-adapter.js';
import { httpMetrics } from '../../redirector/adapters/http/metrics.js';
import { IscsiAdapter } from '../../redirector/adapters/iscsi/iscsi-adapter.js';
import { iscsiMetrics } from '../../redirector/adapters/iscsi/metrics.js';
import { nfsMetrics } from '../../redirector/adapters/nfs/metrics.js';
import { NfsAdapter } from '../../redirector/adapters/nfs/nfs-adapter.js';
import { TcpCounters } from '../../redirector/adapters/tcp/counters.js';
import { tcpMetrics } from '../../redirector/adapters/tcp/metrics.js';
import { TcpAdapter } from '../../redirector/adapters/tcp/tcp-adapter.js';
import type { Redirector } from '../../redirector/redirector.js';
import type { WorkerStats } from '../../redirector/workers/worker-stats.js';
import { sumOf } from '../../redirector/workers/worker-stats.js';

/** What the adapters of one thread counted. */
export function countsOf(adapters: readonly ProtocolAdapter[]): Pick<WorkerStats, 'http' | 'tcp'> {
  let http: WorkerStats['http'] = new HttpCounters();
  let tcp: WorkerStats['tcp'] = new TcpCounters();
  for (const adapter of adapters) {
    if (adapter instanceof HttpAdapter) http = adapter.counters;
    else if (adapter instanceof TcpAdapter) tcp = adapter.counters;
  }
  return { http, tcp };
}

/** What the adapters of all threads counted. */
export function adapterMetrics(redirector: Redirector): MetricSource[] {
  const own = countsOf(redirector.adapters);
  const others = (): readonly WorkerStats[] => redirector.workers?.pool.stats ?? [];
  return [
    ...httpMetrics(() => sumOf([own.http, ...others().map(({ http }) => http)])),
    ...tcpMetrics(() => sumOf([own.tcp, ...others().map(({ tcp }) => tcp)])),
    // Of the main thread alone.
    ...redirector.adapters.flatMap((adapter) =>
      adapter instanceof NfsAdapter
        ? nfsMetrics(adapter)
        : adapter instanceof IscsiAdapter
          ? iscsiMetrics(adapter.counters)
          : [],
    ),
  ];
}
