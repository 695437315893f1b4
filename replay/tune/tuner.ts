import type { Bus, Job } from '../../core/bus/port.js';
import type { Clock } from '../../core/clock/port.js';
import type { Config } from '../../core/config/schema.js';
import type { Json } from '../../core/json.js';
import type { Startable } from '../../core/lifecycle.js';
import type { Log } from '../../core/log.js';
import type { MetricStore } from '../../core/metric-store/port.js';
import { Draft } from '../../core/table-store/draft.js';
import type { Eligibility } from '../../core/table-store/eligibility.js';
import { fail } from '../../core/errors.js';
import type { Policy } from '../../core/table-store/policy.js';
import { policyOf, policyWords, SAFE_QUANTILE } from '../../core/table-store/policy.js';
import type { TableStore } from '../../core/table-store/port.js';
import type { TuningRecord } from '../../core/table-store/records/tuning.js';
import { TUNING } from '../../core/table-store/records/tuning.js';
import type { TableView } from '../../core/table-store/view.js';
import type { QuantileTrial } from './choice.js';
import { chosenQuantile } from './choice.js';
import type { FleetScene } from './fleet-scene.js';
import { fleetScene } from './fleet-scene.js';
import type { TrialRunner } from './trial-runner.js';
import { QUANTILES_TRIED, tuningOf } from './tuning.js';

export interface TunerParts {
  readonly store: TableStore;
  readonly view: TableView;
  readonly metricStore: MetricStore;
  readonly eligibility: Eligibility;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly log: Log;
  readonly trials: TrialRunner;
}

export interface TunerOptions {
  readonly forecast: Config['forecast'];
  readonly planner: Config['planner'];
  readonly tune: Config['tune'];
  readonly seed: number;
}

/**
 * The `tune` job: replays the fleet's own history with several quantiles of demand and writes the one to plan for, if
 * it is clearly better than the one in force, with what it is expected to gain. Where the config pins the quantile,
 * what is written is advice. A job is a nudge: one too many does no harm.
 */
export class Tuner implements Startable {
  readonly #parts: TunerParts;
  #options: TunerOptions;

  constructor(parts: TunerParts, options: TunerOptions) {
    this.#parts = parts;
    this.#options = options;
  }

  /** @throws ERR_STORE_UNAVAILABLE, ERR_SCHEDULE_INVALID */
  async start(): Promise<void> {
    const { bus } = this.#parts;
    await bus.work('tune', (job) => this.#tune(job));
    const { everyMs } = this.#options.tune;
    await bus.schedule('tune', { everyMs }, 'tune', {});
  }

  /** From the next tuning on. */
  reconfigure(options: Omit<TunerOptions, 'seed'>): void {
    this.#options = { ...this.#options, ...options };
  }

  stop(): Promise<void> {
    return Promise.resolve();
  }

  /** @throws ERR_STORE_UNAVAILABLE, ERR_CONFLICT: another process tuned meanwhile */
  async #tune(job: Job): Promise<Json> {
    const { view, metricStore, clock, log } = this.#parts;
    const startedAtMs = clock.monotonicMs();
    job.progress({ phase: 'reading', done: 0, total: 100, message: "the fleet's history" });
    await view.sync();
    const found = await fleetScene(this.#parts, {
      ...this.#options,
      nowMs: clock.realtimeMs(),
      historyMs: this.#options.tune.historyMs,
      forecastsMax: this.#options.tune.forecastsMax,
    });
    const { stepsKnown } = (await metricStore.latestForecast()) ?? {};
    const history = { stepsKnown, stepMs: this.#options.forecast.stepMs };
    const policy = (): Policy => policyOf(this.#options.planner, view, history);
    const record = await this.#recordOf(found, policy(), job);
    await this.#write(record);
    const message = policyWords(policy());
    job.progress({ phase: 'done', done: 100, total: 100, message });
    const { verdict, chosen, before } = record;
    const ms = Math.round(clock.monotonicMs() - startedAtMs);
    log.info({ verdict, chosen, before, words: message, ms }, 'policy tuned');
    return { verdict, chosen };
  }

  async #recordOf(
    found: FleetScene,
    { quantile: before, origin, tuning }: Policy,
    job: Job,
  ): Promise<TuningRecord> {
    const atMs = this.#parts.clock.realtimeMs();
    const kept = {
      quantile: tuning?.quantile ?? SAFE_QUANTILE,
      sinceMs: tuning?.sinceMs ?? null,
      atMs,
      before,
    };
    if (found.kind !== 'scene') {
      return { ...kept, chosen: before, verdict: found.kind, history: null, trials: [] };
    }
    const { scene } = found;
    const trials = await this.#trialsOf(scene, before, job);
    const chosen = chosenQuantile(trials, before);
    const tried = { chosen, ...tuningOf(scene, trials) };
    if (chosen === before) return { ...kept, verdict: 'kept', ...tried };
    if (origin === 'pinned') return { ...kept, verdict: 'advised', ...tried };
    return { ...kept, quantile: chosen, sinceMs: atMs, verdict: 'changed', ...tried };
  }

  #trialsOf(
    scene: Extract<FleetScene, { kind: 'scene' }>['scene'],
    before: number,
    job: Job,
  ): Promise<QuantileTrial[]> {
    const tried = new Set<number>([...QUANTILES_TRIED, SAFE_QUANTILE, before]);
    const quantiles = [...tried].sort((a, b) => a - b);
    const days = (scene.recorded.grid.steps * scene.recorded.grid.stepMs) / 86_400_000;
    const message = `${quantiles.length} quantiles on ${Number(days.toFixed(1))} days of ${scene.dimension}`;
    return this.#parts.trials.run(
      { scene, quantiles },
      {
        signal: job.signal,
        progress: (done) => {
          job.progress({ phase: 'replaying', done: Math.floor(100 * done), total: 100, message });
        },
      },
    );
  }

  async #write(record: TuningRecord): Promise<void> {
    const { store, view } = this.#parts;
    const draft = new Draft().expect(view, TUNING, 'planner').put(TUNING, 'planner', record);
    const result = await store.transact(draft.transaction);
    if (!result.committed) fail('ERR_CONFLICT', { what: 'the tuning' });
    await view.sync();
  }
}
