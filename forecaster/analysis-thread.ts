import { Worker } from 'node:worker_threads';
import { ForeshiftError } from '../core/errors.js';
import type { Startable } from '../core/lifecycle.js';
import type { Log } from '../core/log.js';
import type { Panel } from '../core/panel.js';
import type { SeriesKey } from '../core/sample.js';
import { messageOf } from '../core/text.js';
import type {
  LastingAnalysis,
  NeuralAnalysis,
  NeuralState,
  NeuralUse,
  Outlook,
} from './analysis.js';
import type { AnalysisOptions } from './inline-analysis.js';
import type { KeptState } from './kept-state.js';
import type { PlanningInputs, PlanningResult } from './planner/inputs.js';
import type { Rescue } from './planner/rescue.js';

/** What the thread is asked, and what it answers: matched by number. */
export interface Question {
  readonly number: number;
  readonly verb: keyof LastingAnalysis;
  readonly argument: unknown;
}

export type AnalysisAnswer =
  | { readonly number: number; readonly value: unknown }
  | { readonly number: number; readonly failure: Failure };

/** A coded error does not survive the way between threads: its parts do. */
export interface Failure {
  readonly code: string | undefined;
  readonly facts: Readonly<Record<string, string | number>>;
  readonly message: string;
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

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

/**
 * The analysis in a thread of its own, so that forecasting and planning never hold the event loop that carries
 * traffic. A thread that dies takes what it observed with it: its questions fail with ERR_ANALYSIS_LOST, and the
 * next one begins with a new thread. A new process goes on with what the last one kept.
 */
export class AnalysisThread implements NeuralAnalysis, Startable {
  readonly #log: Log;
  readonly #kept: KeptState | undefined;
  readonly #options: AnalysisOptions;
  readonly #waiting = new Map<number, Waiting>();
  #worker: Worker | undefined;
  /** The last that was taken: a new thread is given it first. */
  #neural: NeuralUse | undefined;
  #number = 0;
  #isStopping = false;
  #isLearning = false;
  #seriesDue = 0;

  constructor({ log, kept }: AnalysisThreadParts, options: AnalysisOptions) {
    this.#log = log;
    this.#kept = kept;
    this.#options = options;
  }

  /** Of so many series models are yet to learn anew, as of the last look. */
  get seriesDue(): number {
    return this.#seriesDue;
  }

  async start(): Promise<void> {
    this.#worker = this.#begin();
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
    await this.#worker?.terminate();
  }

  async observe(panel: Panel): Promise<void> {
    await this.#ask('observe', panel);
  }

  forecast(series: readonly SeriesKey[]): Promise<Outlook> {
    return this.#ask('forecast', series) as Promise<Outlook>;
  }

  plan(inputs: PlanningInputs): Promise<PlanningResult> {
    return this.#ask('plan', inputs) as Promise<PlanningResult>;
  }

  rescue(inputs: PlanningInputs): Promise<Rescue> {
    return this.#ask('rescue', inputs) as Promise<Rescue>;
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
    this.#worker ??= this.#begin();
    const worker = this.#worker;
    const question = this.#question(verb, argument);
    return new Promise((resolve, reject) => {
      this.#waiting.set(question.number, { resolve, reject });
      worker.postMessage(question);
    });
  }

  #question(verb: keyof LastingAnalysis, argument: unknown): Question {
    this.#number += 1;
    return { number: this.#number, verb, argument };
  }

  #begin(): Worker {
    const worker = new Worker(new URL('./analysis-worker.js', import.meta.url), {
      workerData: this.#options,
    });
    worker.on('message', (answer: AnalysisAnswer) => {
      this.#answered(answer);
    });
    worker.once('error', (error) => {
      this.#log.error({ err: error }, 'analysis thread failed');
    });
    worker.once('exit', () => {
      if (this.#worker === worker) this.#worker = undefined;
      for (const { reject } of this.#waiting.values()) reject(lost('its thread ended'));
      this.#waiting.clear();
    });
    // Nobody waits for this answer: it was taken before, and if not again, the forecasts do without.
    if (this.#neural !== undefined) worker.postMessage(this.#question('useNeural', this.#neural));
    return worker;
  }

  #answered(answer: AnalysisAnswer): void {
    const waiting = this.#waiting.get(answer.number);
    this.#waiting.delete(answer.number);
    if ('value' in answer) waiting?.resolve(answer.value);
    else waiting?.reject(errorOf(answer.failure));
  }
}

function errorOf({ code, facts, message }: Failure): Error {
  if (code === undefined) return lost(message);
  return new ForeshiftError(code as ForeshiftError['code'], facts);
}

function lost(why: string): Error {
  return new ForeshiftError('ERR_ANALYSIS_LOST', { why: messageOf(why) });
}
