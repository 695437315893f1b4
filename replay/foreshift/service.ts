import { configSchema } from '../../core/config/schema.js';
import { SILENT_LOG } from '../../core/log.js';
import { MemoryMetricStore } from '../../core/metric-store/memory.js';
import type { MetricStore } from '../../core/metric-store/port.js';
import { Eligibility } from '../../core/table-store/eligibility.js';
import { InlineAnalysis } from '../../forecaster/inline-analysis.js';
import { Round } from '../../forecaster/round.js';
import type { Scene } from '../scene.js';
import { Recording } from './recording.js';
import { Switching } from './switching.js';
import type { World } from './world.js';
import { worldOf } from './world.js';

/** The product on simulated time: the real round and the real switch, on stores in memory. */
export interface Service extends World {
  readonly metricStore: MetricStore;
  readonly recording: Recording;
  readonly round: Round;
  readonly switching: Switching;
}

/** At the end of the warm-up, which is its history. */
export async function serviceOf(scene: Scene, firstMap: Int32Array): Promise<Service> {
  const world = await worldOf(scene, firstMap);
  const metricStore = new MemoryMetricStore();
  const { stepMs } = scene.recorded.grid;
  const { horizonSteps, seed, movesMax } = scene;
  const config = configSchema.parse({ planner: { ...scene.planner, movesMax } });
  const { forecast, planner, triggers } = config;
  const options = { stepMs, horizonSteps, seasonsMs: forecast.seasonMs, seed };
  const round = new Round(
    {
      ...world,
      log: SILENT_LOG,
      metricStore,
      eligibility: new Eligibility(world),
      analysis: new InlineAnalysis(options),
      // Every resource of the trace is measured itself.
      attributor: { attribute: () => Promise.resolve() },
    },
    {
      mode: 'auto',
      forecast: { ...forecast, stepMs, horizonSteps },
      planner,
      triggers,
      seed,
    },
  );
  return {
    ...world,
    metricStore,
    recording: new Recording(scene, metricStore),
    round,
    switching: new Switching(world, { seed, ...scene.switch }),
  };
}
