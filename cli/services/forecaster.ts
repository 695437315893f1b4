import type { Bus } from '../../core/bus/port.js';
import type { Clock } from '../../core/clock/port.js';
import type { Config } from '../../core/config/schema.js';
import type { Disk } from '../../core/disk/port.js';
import type { Startable } from '../../core/lifecycle.js';
import { Lifecycle } from '../../core/lifecycle.js';
import type { Log } from '../../core/log.js';
import type { MetricSource } from '../../core/metrics.js';
import type { MetricStore } from '../../core/metric-store/port.js';
import type { Eligibility } from '../../core/table-store/eligibility.js';
import type { TableStore } from '../../core/table-store/port.js';
import type { TableView } from '../../core/table-store/view.js';
import { BacktestJob } from '../../forecaster/backtest/job.js';
import { BacktestThread } from '../../forecaster/backtest/thread.js';
import { AnalysisThread } from '../../forecaster/analysis-thread.js';
import { CpuAttributor } from '../../forecaster/attributor.js';
import { Chronicle } from '../../forecaster/chronicle.js';
import { Forecaster } from '../../forecaster/forecaster.js';
import { KeptState } from '../../forecaster/kept-state.js';
import { forecasterMetrics } from '../../forecaster/metrics.js';
import { PlanTally } from '../../forecaster/plan-tally.js';
import { Round } from '../../forecaster/round.js';
import { TrialThread } from '../../replay/tune/trial-thread.js';
import { Tuner } from '../../replay/tune/tuner.js';
import { Training } from '../../forecaster/training.js';
import { RetrainingThread } from '../../forecaster/retraining-thread.js';

export interface ForecasterParts {
  readonly store: TableStore;
  readonly view: TableView;
  readonly metricStore: MetricStore;
  readonly bus: Bus;
  readonly eligibility: Eligibility;
  readonly clock: Clock;
  readonly log: Log;
  readonly disk: Disk;
  /** Those of the neural forecaster that came with the product; undefined: they are not there. */
  readonly weights: Uint8Array | undefined;
}

/** So that two runs on the same load plan the same. */
const SEED = 1;
const JOIN_PAUSE_MS = 1500;
const CHRONICLE_MS = 2000;

export interface ForecasterService {
  readonly service: Startable;
  readonly metrics: readonly MetricSource[];
  /** What a reload changes of it. */
  readonly reconfigure: (config: Config) => void;
}

/** The forecaster as the config wants it, its analysis in a thread of its own. */
export function forecasterOf(config: Config, parts: ForecasterParts): ForecasterService {
  const log = parts.log.child({ room: 'forecaster' });
  const { stepMs, horizonSteps, historySteps, seasonMs } = config.forecast;
  const analysis = new AnalysisThread(
    { log, kept: new KeptState({ ...parts, log }) },
    { stepMs, horizonSteps, historySteps, seasonsMs: seasonMs, seed: SEED },
  );
  const training = new Training(
    { ...parts, log, analysis, retrainer: new RetrainingThread() },
    {
      ...{ stepMs, historySteps, seasonsMs: seasonMs, shipped: parts.weights },
      isOn: config.forecast.neural === 'on',
      backend: config.forecast.backend,
      everyMs: config.forecast.trainEveryMs,
    },
  );
  const attributor = new CpuAttributor(parts);
  const round = new Round(
    { ...parts, log, analysis, attributor },
    { ...roundOf(config), seed: SEED },
  );
  const forecaster = new Forecaster(
    { ...parts, log, round },
    { ...periodsOf(config), joinPauseMs: JOIN_PAUSE_MS },
  );
  const chronicle = new Chronicle({ ...parts, log }, { everyMs: CHRONICLE_MS });
  const plans = new PlanTally(parts.view);
  const tuner = new Tuner(
    { ...parts, log, trials: new TrialThread(config.tune) },
    { ...tuningOf(config), seed: SEED },
  );
  const backtest = new BacktestJob(
    { ...parts, log, runner: new BacktestThread(config.backtest), neural: () => training.used },
    { backtest: config.backtest, forecast: config.forecast, seed: SEED },
  );
  let current = config;
  return {
    service: new Lifecycle([analysis, training, plans, chronicle, forecaster, tuner, backtest]),
    metrics: forecasterMetrics(
      { ...parts, round, plans, analysis },
      {
        get mode() {
          return current.mode;
        },
        get everyMs() {
          return current.forecast.everyMs;
        },
      },
    ),
    reconfigure: (now) => {
      current = now;
      round.reconfigure(roundOf(now));
      forecaster.reconfigure(periodsOf(now));
      tuner.reconfigure(tuningOf(now));
    },
  };
}

function roundOf({ mode, forecast, planner, triggers, fallBack }: Config) {
  return { mode, forecast, planner, triggers, fallBack };
}

function tuningOf({ forecast, planner, tune }: Config) {
  return { forecast, planner, tune };
}

function periodsOf({ forecast, collector, triggers }: Config) {
  return {
    everyMs: forecast.everyMs,
    watchMs: Math.max(collector.everyMs, 100),
    rebalance: triggers.rebalance,
  };
}
