import type { DashboardFile } from './dashboard.js';
import type { TimeRange } from './interpolation.js';
import { promQuery, timeOf, variablesIn } from './interpolation.js';

/* Every query of a dashboard, asked of a real Prometheus that has scraped the product. An empty answer is a fault. */

export type Labels = Readonly<Record<string, string>>;
/** The labels of each sample. @throws what Prometheus has against the query */
type Ask = (query: string) => Promise<readonly Labels[]>;

/** What is wrong, each with its place; none: nothing. */
export async function prometheusFaults(
  dashboard: DashboardFile,
  nowMs: number,
  ask: Ask,
): Promise<string[]> {
  const range: TimeRange = {
    fromMs: timeOf(dashboard.time.from, nowMs),
    toMs: nowMs,
    intervalMs: 1000,
  };
  const faults: string[] = [];
  for (const { title, datasource, targets } of dashboard.panels) {
    if (datasource.type !== 'prometheus') continue;
    for (const { refId, expr = '', legendFormat = '' } of targets) {
      const fault = await faultOf(promQuery(expr, range), legendFormat, ask);
      if (fault !== undefined) faults.push(`panel "${title}" ${refId}: ${fault}`);
    }
  }
  return faults;
}

async function faultOf(query: string, legend: string, ask: Ask): Promise<string | undefined> {
  const [unknown] = variablesIn(query);
  if (unknown !== undefined) return `unknown variable $${unknown}`;
  try {
    const samples = await ask(query);
    if (samples.length === 0) return `empty: ${query}`;
    const wanted = [...legend.matchAll(/\{\{(\w+)\}\}/g)].map(([, label = '']) => label);
    const missing = wanted.find((label) => samples.some((labels) => !(label in labels)));
    return missing === undefined ? undefined : `{{${missing}}} is no label of what it shows`;
  } catch (error) {
    return error instanceof Error ? error.message : 'failed';
  }
}
