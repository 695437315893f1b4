import { configSchema } from '../../core/config/schema.js';
import { SILENT_LOG } from '../../core/log.js';
import { MemoryMetricStore } from '../../core/metric-store/memory.js';
import type { MetricStore } from '../../core/metric-store/port.js';
import { Eligibility } from '../../core/table-store/eligibility.js';
import type { Analysis } from '../../forecaster/analysis.js';
import type { AnalysisOptions } from '../../forecaster/inline-analysis.js';
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
  readonly recording: Pick<Recording, 'resourcesUntil' | 'servers'>;
  readonly round: Round;
  /** Another quantile, from the next round on. */
  readonly planFor: (quantile: number) => void;
  readonly switching: Switching;
}

/** What stands in for the store of samples and for the forecaster. */
export interface ServiceParts {
  readonly metricStore: MetricStore;
  readonly recording: Service['recording'];
  readonly analysis: Analysis;
}

/** Of its own: the real ones, in memory and in place. */
export function ownParts(scene: Scene): ServiceParts {
  const metricStore = new MemoryMetricStore();
  return {
    metricStore,
    recording: new Recording(scene, metricStore),
    analysis: new InlineAnalysis(analysisOptionsOf(scene)),
  };
}

/** A replay says what `auto` would do: nobody is there to approve what it proposed instead. */
const NEVER = configSchema.parse({
  fallBack: { missedMax: 1, falseMax: 1, leadStepsMin: 1, coverageMin: 0 },
}).fallBack;

export function analysisOptionsOf(scene: Scene): AnalysisOptions {
  const { recorded, horizonSteps, seasonsMs, seed } = scene;
  return { stepMs: recorded.grid.stepMs, horizonSteps, seasonsMs, seed };
}

/** At the end of the warm-up, which is its history. */
export async function serviceOf(
  scene: Scene,
  firstMap: Int32Array,
  { metricStore, recording, analysis }: ServiceParts,
): Promise<Service> {
  const world = await worldOf(scene, firstMap);
  const { stepMs } = scene.recorded.grid;
  const { horizonSteps, seed, movesMax } = scene;
  const config = configSchema.parse({ planner: { ...scene.planner, movesMax } });
  const { forecast, planner, triggers } = config;
  const roundOptions = {
    mode: 'auto' as const,
    forecast: { ...forecast, stepMs, horizonSteps, everyMs: scene.decisionSteps * stepMs },
    planner,
    triggers,
    fallBack: NEVER,
  };
  const round = new Round(
    {
      ...world,
      log: SILENT_LOG,
      metricStore,
      eligibility: new Eligibility(world),
      analysis,
      // Every resource of the trace is measured itself.
      attributor: { attribute: () => Promise.resolve() },
    },
    { ...roundOptions, seed },
  );
  return {
    ...world,
    metricStore,
    recording,
    round,
    planFor: (quantile) => {
      round.reconfigure({ ...roundOptions, planner: { ...planner, quantile } });
    },
    switching: new Switching(world, { seed, ...scene.switch }),
  };
}
