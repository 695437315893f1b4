import type { Grid } from '../../core/panel.js';

/** Until it is known how many series there are. */
const FIRST_STEPS = 288;

export interface ChunkLimits {
  /** Of one answer. */
  readonly stepsMax: number;
  /** Series × steps of one answer. */
  readonly valuesMax: number;
}

/** Parts of a grid, one after the other, each as long as the number of series that is known by then allows. */
export function* chunksOf(
  { startMs, stepMs, steps }: Grid,
  { stepsMax, valuesMax }: ChunkLimits,
  seriesKnown: () => number,
): Generator<Grid> {
  for (let from = 0; from < steps;) {
    const series = seriesKnown();
    const fitting = series === 0 ? FIRST_STEPS : Math.max(1, Math.floor(valuesMax / series));
    const count = Math.min(steps - from, stepsMax, fitting);
    yield { startMs: startMs + from * stepMs, stepMs, steps: count };
    from += count;
  }
}
