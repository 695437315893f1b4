import type { z } from 'zod';
import { configSchema } from '../../core/config/schema.js';
import type { Mode, ResourceId } from '../../core/domain.js';
import type { Log } from '../../core/log.js';
import { MemoryMetricStore } from '../../core/metric-store/memory.js';
import { Draft } from '../../core/table-store/draft.js';
import { Eligibility } from '../../core/table-store/eligibility.js';
import { PLACEMENT } from '../../core/table-store/records/table.js';
import type { Attributor } from '../../forecaster/attributor.js';
import { InlineAnalysis } from '../../forecaster/inline-analysis.js';
import { Round } from '../../forecaster/round.js';
import { ControlPlane } from './control-plane.js';
import { r, s } from './names.js';
import { resourceSeries, sample, serverSeries } from './series.js';

export const STEP_MS = 300_000;
/** Cores: four such resources are too much for a server of four. */
const LOAD = 1.2;
export const RESOURCES = ['a', 'b', 'c', 'd'].map(r);

/** Four resources on s1, which they overfill, and s2, which has none; so many steps were measured. */
export async function roundWorld({
  mode = 'auto',
  steps = 40,
  movesMax = 16,
  moveAt = 'cheapest',
  load = LOAD,
  resources = RESOURCES,
  fallBack: limits = {},
  written = {},
  log,
}: {
  readonly mode?: Mode;
  readonly steps?: number;
  readonly movesMax?: number;
  readonly moveAt?: 'cheapest' | 'once';
  readonly load?: number;
  readonly resources?: readonly ResourceId[];
  readonly fallBack?: { readonly overloadsMin?: number; readonly comparedMin?: number };
  /** The rest of the config. */
  readonly written?: Pick<z.input<typeof configSchema>, 'planner' | 'triggers'>;
  readonly log?: Log;
} = {}) {
  const plane = await ControlPlane.with(
    ['s1', 's2'],
    Object.fromEntries(resources.map((id) => [id, 's1@1.5'])),
  );
  const draft = new Draft();
  for (const [id, { value }] of plane.view.all(PLACEMENT)) {
    draft.put(PLACEMENT, id, { ...value, standby: s('s2'), movedAtMs: 0 });
  }
  await plane.write(draft);
  const metricStore = new MemoryMetricStore();
  const read: number[] = [];
  const readPanel = metricStore.readPanel.bind(metricStore);
  metricStore.readPanel = (query) => {
    read.push(query.steps);
    return readPanel(query);
  };
  /** So many steps of the same load; and of s1 as a whole, if the sum of its resources is not all that it does. */
  const measure = async (count: number, each = load, utilization?: number): Promise<void> => {
    for (let left = count; left > 0; left--) {
      const timeMs = plane.clock.realtimeMs();
      const samples = resources.map((id) => sample(resourceSeries(id, 'cpu'), timeMs, each));
      if (utilization !== undefined) {
        samples.push(sample(serverSeries('s1', 'utilization'), timeMs, utilization));
      }
      await metricStore.writeSamples(samples);
      await plane.clock.advance(STEP_MS);
    }
  };
  await measure(steps);
  const { forecast, planner, triggers, fallBack } = configSchema.parse({
    planner: { movesMax, moveAt, ...written.planner },
    triggers: written.triggers,
    fallBack: limits,
  });
  const { stepMs, horizonSteps, seasonMs } = forecast;
  const eligibility = new Eligibility(plane);
  const attributor: Attributor = { attribute: () => Promise.resolve() };
  /** By another process, which knows what the stores hold. */
  const begin = () => {
    const analysis = new InlineAnalysis({ stepMs, horizonSteps, seasonsMs: seasonMs, seed: 1 });
    const { store, view, clock } = plane;
    const parts = { store, view, clock, log: log ?? plane.log, metricStore, eligibility };
    const round = new Round(
      { ...parts, analysis, attributor },
      { mode, forecast, planner, triggers, fallBack, seed: 1 },
    );
    return { analysis, round };
  };
  return {
    ...{ plane, metricStore, attributor, eligibility, triggers },
    ...{ ...begin(), begin, read, measure },
  };
}
