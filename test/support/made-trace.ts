import { resourceId } from '../../core/domain.js';
import type { Trace } from '../../core/trace/trace.js';

const MINUTE_MS = 60_000;

/** A trace of one dimension with the loads that a function says; the step is five minutes. */
export function madeTrace(
  resources: number,
  steps: number,
  load: (resource: number, step: number) => number,
): Trace {
  const cpu = Float32Array.from({ length: resources * steps }, (_, at) =>
    load(Math.floor(at / steps), at % steps),
  );
  return {
    resources: Array.from({ length: resources }, (_, index) => resourceId(`r${index}`)),
    grid: { startMs: Date.UTC(2024, 0, 1), stepMs: 5 * MINUTE_MS, steps },
    loads: { cpu },
  };
}
