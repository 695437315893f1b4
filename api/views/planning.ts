import type { Config } from '../../core/config/schema.js';
import { DIMENSIONS } from '../../core/domain.js';
import { fail } from '../../core/errors.js';
import { resourcesOnly } from '../../core/forecast.js';
import type { ForecastRun } from '../../core/metric-store/port.js';
import { readRecentInTurns } from '../../core/metric-store/recent.js';
import { plannerOptions } from '../../core/table-store/policy.js';
import { gridBefore } from '../../core/panel.js';
import { areSameFacts } from '../../core/kept.js';
import type { Ground, Use } from '../../core/prepared.js';
import { Prepared } from '../../core/prepared.js';
import type { Metric } from '../../core/sample.js';
import { PAUSE, PLAN } from '../../core/table-store/records/plan.js';
import { LOST, PIN, SERVER, SERVER_STATE } from '../../core/table-store/records/server.js';
import { TUNING } from '../../core/table-store/records/tuning.js';
import { inSlices } from '../../core/threads/slices.js';
import type { Adviser } from '../../forecaster/planner/adviser.js';
import { PLANNED_MS_MAX } from '../../forecaster/planner/advice.js';
import { believedSlices, inputSlices } from '../../forecaster/planner/from-records.js';
import type { PlanningInputs } from '../../forecaster/planner/inputs.js';
import { ownScheduled } from '../../forecaster/planner/scheduled.js';
import type { Memory, MemoryParts } from './kept/memory.js';

/** What answers that plan anew are made from. */
export interface PlanningParts extends MemoryParts {
  readonly memory: Memory;
}

/** Somebody else makes them, so that no other answer waits. */
export interface AdvisedParts extends PlanningParts {
  readonly adviser: Adviser;
}

export interface PlanningOptions {
  readonly planner: Config['planner'];
  readonly stepMs: number;
  readonly seed: number;
}

/** What a round would plan with now, and the forecast of it. */
export interface Planning {
  readonly inputs: PlanningInputs;
  readonly run: ForecastRun;
  /** What counts at once when it changes. */
  readonly urgent: readonly unknown[];
  /** Another text once plans are others. */
  readonly plans: string;
}

export interface PlanningsOptions {
  /** What is looked at of the recent loads besides what is forecast. */
  readonly metrics: readonly Metric[];
  /** A planning counts as made only after this. */
  readonly ready?: (inputs: PlanningInputs) => Promise<void>;
}

/** Of the recent loads: as the round takes them. */
const RECENT_STEPS = 12;

/** Records that say what there is to plan with; placements, plans and announcements are looked at by themselves. */
const PLANNED_WITH = [SERVER, SERVER_STATE, LOST, PIN, PAUSE, TUNING];
/** Not more often than so, what is newer is made only because rounds and moves go on. */
const RENEWED_MS = 60_000;

/** From what a planning is made, and what it says of that later. */
type Source = Pick<Planning, 'run' | 'urgent' | 'plans'>;

/**
 * What to plan with, from the same records as a round, by the same code. It is kept until the forecast, the table, or anything else that a
 * round would plan with is another, and made step by step: of a large fleet it takes longer than other answers may wait.
 */
export class Plannings {
  readonly #parts: PlanningParts;
  readonly #state: { readonly planning: PlanningOptions };
  readonly #options: PlanningsOptions;
  readonly #prepared: Prepared<Source, Planning>;

  /** @param state read each time: a reload may change it */
  constructor(
    parts: PlanningParts,
    state: { readonly planning: PlanningOptions },
    options: PlanningsOptions,
  ) {
    this.#parts = parts;
    this.#state = state;
    this.#options = options;
    this.#prepared = new Prepared(
      () => this.#ground(),
      (source) => this.#make(source),
    );
  }

  /** The same object as long as it would be made of the same. @throws ERR_NO_FORECAST, ERR_STORE_UNAVAILABLE; what `ready` does */
  now(): Promise<Planning> {
    return this.#prepared.now();
  }

  /**
   * The same, or one of an earlier moment, at most `PLANNED_MS_MAX` ago, while what rounds and moves changed since is being planned with. What
   * operators changed, and which servers live, counts at once. @throws as `now`
   */
  recent(isUseful: (planning: Planning) => boolean = () => true): Promise<Planning> {
    return this.#prepared.recent((planning, source) =>
      isUseful(planning) ? this.#useOf(planning, source) : 'no',
    );
  }

  /** Ahead of those who ask for `recent`. @throws as `now` */
  prepare(): Promise<Planning> {
    return this.#prepared.recent((planning, source) =>
      this.#useOf(planning, source) === 'still' ? 'still' : 'no',
    );
  }

  /** @param source from what it would be made now */
  #useOf({ inputs, urgent, run }: Planning, source: Source): Use {
    const ageMs = this.#parts.clock.realtimeMs() - inputs.nowMs;
    if (ageMs >= PLANNED_MS_MAX || !areSameFacts(urgent, source.urgent)) return 'no';
    return run === source.run && ageMs < RENEWED_MS ? 'still' : 'meanwhile';
  }

  /** As long as all of this is the same, planning again would begin with the same, but for the time of day. */
  async #ground(): Promise<Ground<Source>> {
    const { view, metricStore, clock, memory } = this.#parts;
    const { planner, stepMs } = this.#state.planning;
    const run = (await metricStore.latestForecast()) ?? fail('ERR_NO_FORECAST');
    const nowMs = clock.realtimeMs();
    const scheduled = ownScheduled(view, nowMs).map(({ plan }) => plan.id);
    const urgent = [memory.fleet.stampOf(PLANNED_WITH), memory.eligible.now(), planner];
    const plans = memory.fleet.stampOf([PLAN]);
    const facts = [
      run,
      ...urgent,
      memory.fleet.placements,
      plans,
      // What becomes due is under way from then on.
      scheduled.join(),
      gridBefore(nowMs, stepMs, RECENT_STEPS).startMs,
    ];
    return { facts, source: { run, urgent, plans } };
  }

  async #make(source: Source): Promise<Planning> {
    const { run } = source;
    const { view, metricStore, clock, memory } = this.#parts;
    const { planner, stepMs, seed } = this.#state.planning;
    const nowMs = clock.realtimeMs();
    const window = { nowMs, stepMs, steps: RECENT_STEPS, metrics: this.#metricsOf(run) };
    const loads = await readRecentInTurns(metricStore, view, window);
    const believed = await inSlices(believedSlices(resourcesOnly(run.block), loads, nowMs));
    const inputs = await inSlices(
      inputSlices({
        view,
        eligibility: memory.eligible,
        believed,
        loads,
        nowMs,
        options: plannerOptions(planner, view, { stepsKnown: run.stepsKnown, stepMs }),
        seed,
        restraint: view.get(PAUSE, 'current') === undefined ? null : { why: 'paused' },
      }),
    );
    await this.#options.ready?.(inputs);
    return { inputs, ...source };
  }

  #metricsOf({ block }: ForecastRun): Metric[] {
    const forecast = new Set<Metric>(block.series.map(({ metric }) => metric));
    const planned = DIMENSIONS.filter((dimension) => forecast.has(dimension));
    return [...new Set([...planned, ...this.#options.metrics])];
  }
}
