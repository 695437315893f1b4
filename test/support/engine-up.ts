import { SystemClock } from '../../core/clock/system.js';
import type { EngineHealth } from '../../core/engine-health.js';
import { engineMetrics } from '../../core/engine-health.js';
import { Metrics } from '../../core/metrics.js';

/** What `/metrics` of whoever rests on this engine says of it: 1, it is up; 0, it is not. */
export async function engineUp(health: EngineHealth): Promise<number> {
  const metrics = new Metrics('test');
  metrics.add(...engineMetrics({ health: [health] }, new SystemClock()));
  const page = await metrics.render();
  const line = page.split('\n').find((text) => text.startsWith('foreshift_engine_up{'));
  return Number(line?.split(' ').at(-1));
}
