import type { Clock } from '../../core/clock/port.js';
import type { Address } from '../../core/domain.js';
import type { Log } from '../../core/log.js';
import type { Metrics } from '../../core/metrics.js';
import type { HttpRoute } from '../../core/net/http-route.js';
import { HttpServer } from '../../core/net/http-server.js';
import type { Net } from '../../core/net/port.js';

export interface HealthServerParts {
  readonly net: Net;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  /** What keeps this process from being ready, for a person; empty: it is. */
  readonly obstacles: () => readonly string[];
  /** What else is served here. */
  readonly routes?: readonly HttpRoute[];
}

/** Where a supervisor asks whether the process lives, a balancer whether it is ready, Prometheus how it is. */
export function healthServer(parts: HealthServerParts, at: Address): HttpServer {
  const { metrics, obstacles, routes = [] } = parts;
  const text = { 'content-type': 'text/plain; charset=utf-8' };
  return new HttpServer(
    parts,
    [
      {
        method: 'GET',
        path: '/healthz',
        handler: () => ({ status: 200, headers: text, body: 'ok\n' }),
      },
      {
        method: 'GET',
        path: '/readyz',
        handler: () => {
          const found = obstacles();
          return found.length === 0
            ? { status: 200, headers: text, body: 'ready\n' }
            : { status: 503, headers: text, body: `${found.join('\n')}\n` };
        },
      },
      {
        method: 'GET',
        path: '/metrics',
        handler: async () => ({
          status: 200,
          headers: { 'content-type': metrics.contentType },
          body: await metrics.render(),
        }),
      },
      ...routes,
    ],
    { at },
  );
}
