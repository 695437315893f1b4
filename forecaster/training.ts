import type { Bus, Job } from '../core/bus/port.js';
import type { Clock } from '../core/clock/port.js';
import type { Disk } from '../core/disk/port.js';
import { codeOf, ForeshiftError } from '../core/errors.js';
import type { Backend } from '../core/forecast.js';
import type { Json } from '../core/json.js';
import type { Startable } from '../core/lifecycle.js';
import type { Log } from '../core/log.js';
import type { MetricStore } from '../core/metric-store/port.js';
import type { Panel } from '../core/panel.js';
import { gridBefore } from '../core/panel.js';
import { SeededRng, seedFor, shuffled } from '../core/rng.js';
import { Draft } from '../core/table-store/draft.js';
import type { TableStore } from '../core/table-store/port.js';
import type { NeuralRecord } from '../core/table-store/records/neural.js';
import { NEURAL } from '../core/table-store/records/neural.js';
import { messageOf } from '../core/text.js';
import type { Retrained } from '../models/neural/retrain.js';
import type { Weights } from '../models/neural/weights.js';
import { decodeWeights, encodeWeights } from '../models/neural/weights.js';
import type { NeuralAnalysis, NeuralUse } from './analysis.js';
import type { Retrainer } from './retraining.js';

export interface TrainingParts {
  readonly analysis: Pick<NeuralAnalysis, 'useNeural'>;
  readonly retrainer: Retrainer;
  readonly bus: Bus;
  readonly metricStore: Pick<MetricStore, 'listSeries' | 'readPanel'>;
  readonly store: Pick<TableStore, 'transact'>;
  /** Where what was taught is kept. */
  readonly disk: Disk;
  readonly clock: Clock;
  readonly log: Log;
}

export interface TrainingOptions {
  /** Off: nothing is opened or taught, and status says so. */
  readonly isOn: boolean;
  /** The weights that came with the product; undefined: they are not there. */
  readonly shipped: Uint8Array | undefined;
  readonly backend: 'auto' | Backend;
  /** Between two trainings. */
  readonly everyMs: number;
  readonly stepMs: number;
  readonly historySteps: number;
  readonly seasonsMs: readonly number[];
  /** Of one training; default 400. */
  readonly batches?: number;
}

const FILE = 'neural.weights';
/** So many histories are learnt from at most, each so many times as long as what is forecast from. */
const SERIES_MAX = 500;
const HISTORIES = 4;
const STEPS_MAX = 8064;
const BATCHES = 400;
const PHASES = ['reading', 'learning', 'taking'] as const;

type Origin = 'retrained' | 'shipped';

/**
 * Looks after the neural forecaster: gives the analysis the weights that the fleet's own history taught, else those
 * that came with the product, and has them taught again by a job on a schedule. New weights are taken only where they
 * forecast better what they have not seen, kept on disk, and used from then on. Whatever is wrong with it is said, and
 * the other models go on.
 */
export class Training implements Startable {
  readonly #parts: TrainingParts;
  readonly #options: TrainingOptions;
  #weights: Weights | undefined;
  #used: NeuralUse | undefined;
  #state: NeuralRecord = { backend: null, weights: null, fault: null, training: null };

  constructor(parts: TrainingParts, options: TrainingOptions) {
    this.#parts = parts;
    this.#options = options;
  }

  /** The network that forecasts now; undefined: none does. */
  get used(): NeuralUse | undefined {
    return this.#used;
  }

  /** As status shows it. */
  get state(): NeuralRecord {
    return this.#state;
  }

  /** @throws ERR_STORE_UNAVAILABLE, ERR_SCHEDULE_INVALID */
  async start(): Promise<void> {
    const { bus, disk } = this.#parts;
    const { isOn, shipped, everyMs } = this.#options;
    if (!isOn) {
      await this.#tell();
      await bus.unschedule('train');
      return;
    }
    const isUsed =
      (await this.#use('retrained', await disk.read(FILE))) ||
      (await this.#use('shipped', shipped));
    if (!isUsed && this.#state.fault === null) {
      this.#failed(new ForeshiftError('ERR_WEIGHTS_UNUSABLE', { why: 'they are not there' }));
    }
    await this.#tell();
    await bus.work('train', (job) => this.#train(job));
    await bus.schedule('train', { everyMs }, 'train', {});
  }

  /** The bus ends what is under way. */
  async stop(): Promise<void> {
    await Promise.resolve();
  }

  async #use(origin: Origin, bytes: Uint8Array | undefined): Promise<boolean> {
    if (bytes === undefined) return false;
    const { analysis, log } = this.#parts;
    try {
      const weights = decodeWeights(bytes);
      const use = { weights: bytes, backend: this.#options.backend };
      const { backend, refused } = await analysis.useNeural(use);
      this.#weights = weights;
      this.#used = use;
      this.#state = { ...this.#state, backend, weights: origin, fault: null };
      log.info({ backend, refused, weights: origin }, 'neural forecaster used');
      return true;
    } catch (error) {
      if (codeOf(error) === undefined) throw error;
      this.#failed(error);
      return false;
    }
  }

  #failed(error: unknown): void {
    const fault = messageOf(error).slice(0, 400);
    this.#state = { ...this.#state, fault };
    this.#parts.log.warn({ err: error }, 'neural forecaster not used');
  }

  async #train(job: Job): Promise<Json> {
    const { log, clock, retrainer } = this.#parts;
    const { backend, stepMs, seasonsMs, batches = BATCHES } = this.#options;
    const champion = this.#weights;
    if (champion === undefined) return { isTaken: false, why: this.#state.fault };
    const begin = progressOf(job, batches);
    begin('reading');
    const panel = await this.#panel();
    const seed = champion.batches;
    const retraining = {
      ...{ weights: champion.values, panel, backend, batches, seed },
      seasons: seasonsMs.map((ms) => Math.round(ms / stepMs)).sort((a, b) => a - b),
    };
    const retrained = await retrainer.retrain(retraining, {
      signal: job.signal,
      progress: (done) => {
        begin('learning', done);
      },
    });
    begin('taking', batches);
    if (retrained.isTaken) await this.#take(retrained, champion.batches + batches);
    const { isTaken, series, before, after } = retrained;
    const training = {
      ...{ atMs: clock.realtimeMs(), series, isTaken },
      before: Number.isFinite(before) ? before : null,
      after: Number.isFinite(after) ? after : null,
    };
    this.#state = { ...this.#state, training };
    await this.#tell();
    log.info({ series, before, after, isTaken }, 'neural forecaster trained');
    return { isTaken, series, before: training.before, after: training.after };
  }

  /** On disk before it is used: a start after this finds it. */
  async #take({ values }: Retrained, batches: number): Promise<void> {
    const { disk } = this.#parts;
    const bytes = encodeWeights({ values, traces: [], batches, seed: 0 });
    await disk.replace(FILE, bytes);
    await this.#use('retrained', bytes);
  }

  /** Some of the fleet's histories, others each day. */
  async #panel(): Promise<Panel> {
    const { metricStore, clock } = this.#parts;
    const { stepMs, historySteps } = this.#options;
    const nowMs = clock.realtimeMs();
    const grid = gridBefore(nowMs, stepMs, Math.min(STEPS_MAX, HISTORIES * historySteps));
    const all = await metricStore.listSeries(grid.startMs);
    const resources = all.filter(({ subject }) => subject === 'resource');
    const rng = new SeededRng(seedFor(this.#weights?.batches ?? 0, 'series'));
    return metricStore.readPanel({
      series: shuffled(rng, resources).slice(0, SERIES_MAX),
      ...grid,
    });
  }

  async #tell(): Promise<void> {
    const { store } = this.#parts;
    await store.transact(new Draft().put(NEURAL, 'current', this.#state).transaction);
  }
}

function progressOf(
  job: Job,
  batches: number,
): (phase: (typeof PHASES)[number], done?: number) => void {
  const messages = {
    reading: "the fleet's history is read",
    learning: 'the neural forecaster learns from it',
    taking: 'it is judged by what it has not seen',
  };
  return (phase, done = 0) => {
    job.progress({ phase, done, total: batches, message: messages[phase] });
  };
}
