import type { Dimension, ResourceId } from '../domain.js';
import { DIMENSIONS } from '../domain.js';
import type { Grid, Panel } from '../panel.js';
import { panelOf } from '../panel.js';

/**
 * A recorded (or made) load: what `replay`, `import`, `demo` and the benches run on. Values keep the
 * trace's own units; whoever mixes traces scales them first.
 */
export interface Trace {
  /** In the order of the file; each once. */
  readonly resources: readonly ResourceId[];
  /** From the first sample of any resource to the last one. */
  readonly grid: Grid;
  /** The dimensions that have a sample, each series-major: value of resource r at step k is `[r · steps + k]`, NaN a gap. */
  readonly loads: Readonly<Partial<Record<Dimension, Float32Array>>>;
}

/** Every trace file begins with it. */
export const TRACE_HEADER = ['timestamp', 'resource', ...DIMENSIONS] as const;

export function dimensionsOf({ loads }: Trace): Dimension[] {
  return DIMENSIONS.filter((dimension) => loads[dimension] !== undefined);
}

/** The end of it, so long at most. */
export function lastOf({ resources, grid, loads }: Trace, ms: number): Trace {
  const steps = Math.min(grid.steps, Math.max(1, Math.floor(ms / grid.stepMs)));
  const from = grid.steps - steps;
  if (from === 0) return { resources, grid, loads };
  const cut: Partial<Record<Dimension, Float32Array>> = {};
  for (const dimension of DIMENSIONS) {
    const values = loads[dimension];
    if (values === undefined) continue;
    const kept = new Float32Array(resources.length * steps);
    for (let row = 0; row < resources.length; row++) {
      const end = (row + 1) * grid.steps;
      kept.set(values.subarray(end - steps, end), row * steps);
    }
    cut[dimension] = kept;
  }
  const startMs = grid.startMs + from * grid.stepMs;
  return { resources, grid: { ...grid, startMs, steps }, loads: cut };
}

/** One dimension as a panel on the trace's own array; undefined if the trace has no sample of it. */
export function panelIn({ resources, grid, loads }: Trace, metric: Dimension): Panel | undefined {
  const values = loads[metric];
  if (values === undefined) return undefined;
  const series = resources.map((id) => ({ subject: 'resource' as const, id, metric }));
  return panelOf(series, grid, values);
}
