import { ForeshiftError } from '../core/errors.js';
import type { Startable } from '../core/lifecycle.js';
import type { Log } from '../core/log.js';
import type { Panel } from '../core/panel.js';
import type { SeriesKey } from '../core/sample.js';
import { AskedThread } from '../core/threads/asked-thread.js';
import { atOnce, inSlices } from '../core/threads/slices.js';
import type {
  LastingAnalysis,
  NeuralAnalysis,
  NeuralState,
  NeuralUse,
  Outlook,
} from './analysis.js';
import type { AnalysisOptions } from './inline-analysis.js';
import type { KeptState } from './kept-state.js';
import type { Outlooks } from './planner/input-columns.js';
import { columnSlices } from './planner/input-columns.js';
import type { PlanningInputs, PlanningResult } from './planner/inputs.js';
import type { Rescue } from './planner/rescue.js';

/** What the thread is asked. */
export interface AnalysisQuestion {
  readonly verb: keyof LastingAnalysis;
  readonly argument: unknown;
}

/** Learnt from at a time: some tenths of a second. */
const SERIES_A_QUESTION = 32;
/** Where more are due than this, how far it is stands in the log, each time that so many are done. */
const SERIES_A_REPORT = 2048;

export interface AnalysisThreadParts {
  readonly log: Log;
  /** Where what was learnt outlives the process; undefined: nowhere. */
  readonly kept?: KeptState;
}

/**
 * The analysis in a thread of its own, so that forecasting and planning never hold the event loop that carries
 * traffic. A thread that dies takes what it observed with it: its questions fail with ERR_ANALYSIS_LOST, and the
 * next one begins with a new thread. A new process goes on with what the last one kept.
 */
export class AnalysisThread implements NeuralAnalysis, Startable {
  readonly #log: Log;
  readonly #kept: KeptState | undefined;
  readonly #thread: AskedThread<AnalysisQuestion>;
  /** The last that was taken: a new thread is given it first. */
  #neural: NeuralUse | undefined;
  /** What the thread of this life planned by last. */
  #told: { readonly outlooks: Outlooks; readonly life: object | undefined } | undefined;
  #isStopping = false;
  #isLearning = false;
  #seriesDue = 0;

  constructor({ log, kept }: AnalysisThreadParts, options: AnalysisOptions) {
    this.#log = log;
    this.#kept = kept;
    this.#thread = new AskedThread({
      script: new URL('./analysis-worker.js', import.meta.url),
      workerData: options,
      lost,
      failed: (error) => {
        log.error({ err: error }, 'analysis thread failed');
      },
      // It was taken before; if not again, the forecasts do without.
      first: () => this.#neural && { verb: 'useNeural', argument: this.#neural },
    });
  }

  /** Of so many series models are yet to learn anew, as of the last look. */
  get seriesDue(): number {
    return this.#seriesDue;
  }

  async start(): Promise<void> {
    this.#thread.begin();
    const bytes = await this.#kept?.read();
    if (bytes === undefined) return;
    try {
      await this.#ask('restore', bytes);
      this.#log.info({ bytes: bytes.byteLength }, 'kept forecasts taken up');
    } catch (error) {
      this.#kept?.unusable(error);
    }
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    await this.#thread.end();
  }

  async observe(panel: Panel): Promise<void> {
    await this.#ask('observe', panel);
  }

  forecast(series: readonly SeriesKey[]): Promise<Outlook> {
    return this.#ask('forecast', series) as Promise<Outlook>;
  }

  async plan(inputs: PlanningInputs): Promise<PlanningResult> {
    const columns = await inSlices(columnSlices(inputs));
    const planned = this.#ask('plan', columns);
    const { forecast, last } = inputs;
    this.#told = { outlooks: { forecast, last }, life: this.#thread.life };
    return (await planned) as PlanningResult;
  }

  /** By the forecast of the last plan, as a rule, which the thread has. */
  rescue(inputs: PlanningInputs): Promise<Rescue> {
    const { life } = this.#thread;
    const known = this.#told?.life === life ? this.#told?.outlooks : undefined;
    return this.#ask('rescue', atOnce(columnSlices(inputs, known))) as Promise<Rescue>;
  }

  learn(): void {
    if (!this.#isLearning) void this.#learnOn();
  }

  /** A few series a question, so that a round that comes meanwhile waits for no more than those. */
  async #learnOn(): Promise<void> {
    this.#isLearning = true;
    try {
      let done = 0;
      do {
        this.#seriesDue = (await this.#ask('learn', SERIES_A_QUESTION)) as number;
        done += SERIES_A_QUESTION;
        if (done % SERIES_A_REPORT === 0) {
          this.#log.info({ done, due: this.#seriesDue }, 'models learning');
        }
      } while (this.#seriesDue > 0);
      await this.#keep();
    } catch (error) {
      // They stay due, and the next round begins it again.
      if (!this.#isStopping) this.#log.warn({ err: error }, 'learning ended early');
    } finally {
      this.#isLearning = false;
    }
  }

  async #keep(): Promise<void> {
    if (this.#kept?.isDue !== true) return;
    await this.#kept.write((await this.#ask('save', null)) as Uint8Array);
  }

  async useNeural(use: NeuralUse): Promise<NeuralState> {
    const state = (await this.#ask('useNeural', use)) as NeuralState;
    this.#neural = use;
    return state;
  }

  #ask(verb: keyof LastingAnalysis, argument: unknown): Promise<unknown> {
    if (this.#isStopping) return Promise.reject(lost('it is stopping'));
    return this.#thread.ask({ verb, argument });
  }
}

function lost(why: string): Error {
  return new ForeshiftError('ERR_ANALYSIS_LOST', { why });
}
