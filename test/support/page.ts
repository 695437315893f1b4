import type { MetricSource } from '../../core/metrics.js';
import { Metrics } from '../../core/metrics.js';

/** What a page of metrics says: `name{label="value"}` and its value. Beside ours, what a process says of itself is left out. */
export async function pageOf(sources: readonly MetricSource[]): Promise<Map<string, number>> {
  const metrics = new Metrics('1.2.3');
  metrics.add(...sources);
  const lines = (await metrics.render())
    .split('\n')
    .filter((line) => line.startsWith('foreshift_'));
  return new Map(
    lines.map((line) => {
      const at = line.lastIndexOf(' ');
      return [line.slice(0, at), Number(line.slice(at + 1))];
    }),
  );
}
