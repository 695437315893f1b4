import type { Bus } from '../../core/bus/port.js';
import type { Clock } from '../../core/clock/port.js';
import type { Config } from '../../core/config/schema.js';
import type { Startable } from '../../core/lifecycle.js';
import { Lifecycle } from '../../core/lifecycle.js';
import type { Log } from '../../core/log.js';
import type { MetricStore } from '../../core/metric-store/port.js';
import type { Eligibility } from '../../core/table-store/eligibility.js';
import type { TableStore } from '../../core/table-store/port.js';
import type { TableView } from '../../core/table-store/view.js';
import { AnalysisThread } from '../../forecaster/analysis-thread.js';
import { CpuAttributor } from '../../forecaster/attributor.js';
import { Chronicle } from '../../forecaster/chronicle.js';
import { Forecaster } from '../../forecaster/forecaster.js';
import { Round } from '../../forecaster/round.js';

export interface ForecasterParts {
  readonly store: TableStore;
  readonly view: TableView;
  readonly metricStore: MetricStore;
  readonly bus: Bus;
  readonly eligibility: Eligibility;
  readonly clock: Clock;
  readonly log: Log;
}

/** So that two runs on the same load plan the same. */
const SEED = 1;
const JOIN_PAUSE_MS = 1500;
const CHRONICLE_MS = 2000;

/** The forecaster as the config wants it, its analysis in a thread of its own. */
export function forecasterOf(config: Config, parts: ForecasterParts): Startable {
  const { metricStore } = parts;
  const log = parts.log.child({ room: 'forecaster' });
  const { stepMs, horizonSteps, historySteps, seasonMs, everyMs } = config.forecast;
  const analysis = new AnalysisThread(
    { log },
    { stepMs, horizonSteps, historySteps, seasonsMs: seasonMs, seed: SEED },
  );
  const attributor = new CpuAttributor(metricStore);
  const round = new Round(
    { ...parts, log, analysis, attributor },
    {
      mode: config.mode,
      forecast: config.forecast,
      planner: config.planner,
      triggers: config.triggers,
      seed: SEED,
    },
  );
  const watchMs = Math.max(config.collector.everyMs, 100);
  const forecaster = new Forecaster(
    { ...parts, log, round },
    { everyMs, watchMs, joinPauseMs: JOIN_PAUSE_MS },
  );
  const chronicle = new Chronicle({ ...parts, log }, { everyMs: CHRONICLE_MS });
  return new Lifecycle([analysis, chronicle, forecaster]);
}
