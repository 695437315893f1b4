import type { ProvisionedDashboard } from './board.js';
import { dashboardOf } from './board.js';
import { CLUSTER } from './cluster.js';
import { FORECAST } from './forecast.js';
import { PLANS } from './plans.js';
import { RESOURCE_BOARD } from './resource.js';
import { SERVICE } from './service.js';

/** By the name of its file under grafana/dashboards/. */
export function dashboards(): Map<string, ProvisionedDashboard> {
  const boards = {
    cluster: CLUSTER,
    forecast: FORECAST,
    plans: PLANS,
    resource: RESOURCE_BOARD,
    service: SERVICE,
  };
  return new Map(
    Object.entries(boards).map(([name, board]) => [`${name}.json`, dashboardOf(board)]),
  );
}

/** As it lies in its file. */
export function textOf(dashboard: ProvisionedDashboard): string {
  return `${JSON.stringify(dashboard, null, 2)}\n`;
}
