import { spawnSync } from 'node:child_process';
import { request } from 'undici';

/** Prometheus' own tool. */
export const PROMTOOL = 'promtool';

export interface Verdict {
  readonly status: number | null;
  readonly said: string;
}

export function promtool(args: readonly string[], input = ''): Verdict {
  const { status, stdout, stderr } = spawnSync(PROMTOOL, [...args], { input });
  return { status, said: `${stdout.toString()}${stderr.toString()}` };
}

/** What it has against the names, units and helps of ours; those of the client library are its own affair. */
export function lintOf(page: string): Verdict {
  const ours = page.split('\n').filter((line) => line.includes('foreshift_'));
  return promtool(['check', 'metrics'], `${ours.join('\n')}\n`);
}

/** The page that a process shows to Prometheus. */
export async function metricsPage(health: string): Promise<string> {
  const { body } = await request(`http://${health}/metrics`);
  return body.text();
}
