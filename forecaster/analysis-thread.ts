import { Worker } from 'node:worker_threads';
import { ForeshiftError } from '../core/errors.js';
import type { Startable } from '../core/lifecycle.js';
import type { Log } from '../core/log.js';
import type { Panel } from '../core/panel.js';
import type { SeriesKey } from '../core/sample.js';
import { messageOf } from '../core/text.js';
import type { NeuralAnalysis, NeuralState, NeuralUse, Outlook } from './analysis.js';
import type { AnalysisOptions } from './inline-analysis.js';
import type { PlanningInputs, PlanningResult } from './planner/inputs.js';
import type { Rescue } from './planner/rescue.js';

/** What the thread is asked, and what it answers: matched by number. */
export interface Question {
  readonly number: number;
  readonly verb: keyof NeuralAnalysis;
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

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

/**
 * The analysis in a thread of its own, so that forecasting and planning never hold the event loop that carries
 * traffic. A thread that dies takes what it observed with it: its questions fail with ERR_ANALYSIS_LOST, and the
 * next one begins with a new thread.
 */
export class AnalysisThread implements NeuralAnalysis, Startable {
  readonly #log: Log;
  readonly #options: AnalysisOptions;
  readonly #waiting = new Map<number, Waiting>();
  #worker: Worker | undefined;
  /** The last that was taken: a new thread is given it first. */
  #neural: NeuralUse | undefined;
  #number = 0;
  #isStopping = false;
  #isLearning = false;

  constructor({ log }: { readonly log: Log }, options: AnalysisOptions) {
    this.#log = log;
    this.#options = options;
  }

  start(): Promise<void> {
    this.#worker = this.#begin();
    return Promise.resolve();
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
      let due = 1;
      while (due > 0) due = (await this.#ask('learn', SERIES_A_QUESTION)) as number;
    } catch (error) {
      // They stay due, and the next round begins it again.
      if (!this.#isStopping) this.#log.warn({ err: error }, 'learning ended early');
    } finally {
      this.#isLearning = false;
    }
  }

  async useNeural(use: NeuralUse): Promise<NeuralState> {
    const state = (await this.#ask('useNeural', use)) as NeuralState;
    this.#neural = use;
    return state;
  }

  #ask(verb: keyof NeuralAnalysis, argument: unknown): Promise<unknown> {
    if (this.#isStopping) return Promise.reject(lost('it is stopping'));
    this.#worker ??= this.#begin();
    const worker = this.#worker;
    const question = this.#question(verb, argument);
    return new Promise((resolve, reject) => {
      this.#waiting.set(question.number, { resolve, reject });
      worker.postMessage(question);
    });
  }

  #question(verb: keyof NeuralAnalysis, argument: unknown): Question {
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
