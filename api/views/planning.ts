import type { Clock } from '../../core/clock/port.js';
import type { Config } from '../../core/config/schema.js';
import { fail } from '../../core/errors.js';
import { resourcesOnly } from '../../core/forecast.js';
import type { ForecastRun, MetricStore } from '../../core/metric-store/port.js';
import { readRecent } from '../../core/metric-store/recent.js';
import type { Eligibility } from '../../core/table-store/eligibility.js';
import { plannerOptions } from '../../core/table-store/policy.js';
import { PAUSE } from '../../core/table-store/records/plan.js';
import type { TableView } from '../../core/table-store/view.js';
import type { Adviser } from '../../forecaster/planner/adviser.js';
import { inputsFromRecords } from '../../forecaster/planner/from-records.js';
import type { PlanningInputs } from '../../forecaster/planner/inputs.js';

/** What answers that plan anew are made from. */
export interface PlanningParts {
  readonly view: TableView;
  readonly metricStore: MetricStore;
  readonly eligibility: Eligibility;
  readonly clock: Clock;
  readonly adviser: Adviser;
}

export interface PlanningOptions {
  readonly planner: Config['planner'];
  readonly stepMs: number;
  readonly seed: number;
}

/** Of the recent loads: as the round takes them. */
const RECENT_STEPS = 12;

/** What the last round planned with, brought up to date. */
export interface Planning {
  readonly inputs: PlanningInputs;
  readonly run: ForecastRun;
}

/**
 * From the same records as a round, by the same code. @throws ERR_NO_FORECAST, ERR_STORE_UNAVAILABLE
 */
export async function planningOf(
  { view, metricStore, eligibility, clock }: Omit<PlanningParts, 'adviser'>,
  { planner, stepMs, seed }: PlanningOptions,
): Promise<Planning> {
  const run = (await metricStore.latestForecast()) ?? fail('ERR_NO_FORECAST');
  const nowMs = clock.realtimeMs();
  const window = { nowMs, stepMs, steps: RECENT_STEPS };
  const inputs = inputsFromRecords({
    view,
    eligibility,
    forecast: resourcesOnly(run.block),
    loads: await readRecent(metricStore, view, window),
    nowMs,
    options: plannerOptions(planner, view),
    seed,
    restraint: view.get(PAUSE, 'current') === undefined ? null : { why: 'paused' },
  });
  return { inputs, run };
}
