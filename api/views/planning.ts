import type { Config } from '../../core/config/schema.js';
import { fail } from '../../core/errors.js';
import { resourcesOnly } from '../../core/forecast.js';
import type { ForecastRun } from '../../core/metric-store/port.js';
import type { RecentLoads } from '../../core/metric-store/recent.js';
import { readRecent } from '../../core/metric-store/recent.js';
import { plannerOptions } from '../../core/table-store/policy.js';
import { gridBefore } from '../../core/panel.js';
import { PAUSE, PLAN } from '../../core/table-store/records/plan.js';
import { LOST, PIN, SERVER, SERVER_STATE } from '../../core/table-store/records/server.js';
import { TUNING } from '../../core/table-store/records/tuning.js';
import type { Adviser } from '../../forecaster/planner/adviser.js';
import { inputsFromRecords } from '../../forecaster/planner/from-records.js';
import type { PlanningInputs } from '../../forecaster/planner/inputs.js';
import { ownScheduled } from '../../forecaster/planner/scheduled.js';
import type { Memory, MemoryParts, Planning } from './kept/memory.js';

/** What answers that plan anew are made from. */
export interface PlanningParts extends MemoryParts {
  readonly memory: Memory;
}

/** Of those that take a search: somebody else makes them, so that no other answer waits. */
export interface AdvisedParts extends PlanningParts {
  readonly adviser: Adviser;
}

export interface PlanningOptions {
  readonly planner: Config['planner'];
  readonly stepMs: number;
  readonly seed: number;
}

/** Of the recent loads: as the round takes them. */
export const RECENT_STEPS = 12;

/** From the same records as a round, by the same code. @throws ERR_NO_FORECAST, ERR_STORE_UNAVAILABLE */
export async function planningOf(
  parts: PlanningParts,
  options: PlanningOptions,
): Promise<Planning> {
  const { view, metricStore, clock, memory } = parts;
  const run = (await metricStore.latestForecast()) ?? fail('ERR_NO_FORECAST');
  const nowMs = clock.realtimeMs();
  const { inputs } = await memory.planning.of(planningFacts(run, parts, options), async () => {
    const window = { nowMs, stepMs: options.stepMs, steps: RECENT_STEPS };
    const loads = await readRecent(metricStore, view, window);
    return { inputs: inputsWith(run, loads, parts, options), run };
  });
  return { inputs: { ...inputs, nowMs }, run };
}

/** Records that say what there is to plan with; placements and announcements are looked at by themselves. */
const PLANNED_WITH = [SERVER, SERVER_STATE, LOST, PIN, PAUSE, TUNING, PLAN];

/** As long as all of this is the same, planning again would begin with the same, but for the time of day. */
export function planningFacts(
  run: ForecastRun,
  { view, clock, memory }: PlanningParts,
  { planner, stepMs }: PlanningOptions,
): readonly unknown[] {
  const nowMs = clock.realtimeMs();
  const scheduled = ownScheduled(view, nowMs).map(({ plan }) => plan.id);
  return [
    run,
    memory.fleet.placements,
    memory.fleet.stampOf(PLANNED_WITH),
    memory.eligible.now(),
    // What becomes due is under way from then on.
    scheduled.join(),
    gridBefore(nowMs, stepMs, RECENT_STEPS).startMs,
    planner,
  ];
}

/** With loads that were read already. */
export function inputsWith(
  run: ForecastRun,
  loads: RecentLoads,
  { view, clock, memory }: PlanningParts,
  { planner, seed }: PlanningOptions,
): PlanningInputs {
  return inputsFromRecords({
    view,
    eligibility: memory.eligible,
    forecast: resourcesOnly(run.block),
    loads,
    nowMs: clock.realtimeMs(),
    options: plannerOptions(planner, view),
    seed,
    restraint: view.get(PAUSE, 'current') === undefined ? null : { why: 'paused' },
  });
}
