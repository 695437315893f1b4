import { ForeshiftError, fail } from '../../core/errors.js';
import type { Move } from '../../core/plan.js';
import { AskedThread } from '../../core/threads/asked-thread.js';
import { inSlices } from '../../core/threads/slices.js';
import { Turns } from '../../core/turns.js';
import type { ExplainAsked, WhatIfAsked } from './advice.js';
import type { Adviser } from './adviser.js';
import type { Chosen } from './chosen.js';
import type { Explanation } from './explain.js';
import type { InputColumns } from './input-columns.js';
import { columnSlices } from './input-columns.js';
import type { PlanningInputs } from './inputs.js';
import type { WhatIf } from './what-if.js';

/** What a thread is told and asked. All questions are about the fleet that it was told last. */
export type AdviceQuestion =
  | { readonly kind: 'take'; readonly columns: InputColumns }
  | { readonly kind: 'prepare' }
  | { readonly kind: 'score'; readonly moves: readonly Move[] }
  | { readonly kind: 'explain'; readonly asked: ExplainAsked }
  | { readonly kind: 'what-if'; readonly asked: WhatIfAsked };

/** So many plannings wait for their turn, the one under way included; more are refused. */
const PLANNINGS_MAX = 16;
/** Scores take milliseconds. */
const SCORES_MAX = 256;

/**
 * In two threads, so that no score waits for a search, which may take seconds: the event loop of whoever asks carries more than that.
 * Each keeps the fleet that it was told last, and what it made of it, so that only the question goes there. Who has gone is not
 * answered: a search for nobody is ended with its thread.
 */
export class AdviserThread implements Adviser {
  readonly #scores = new FleetThread(SCORES_MAX);
  readonly #plannings = new FleetThread(PLANNINGS_MAX);

  async prepare(inputs: PlanningInputs): Promise<void> {
    await this.#scores.ask(inputs, { kind: 'prepare' });
  }

  async score(inputs: PlanningInputs, moves: readonly Move[]): Promise<Chosen> {
    return (await this.#scores.ask(inputs, { kind: 'score', moves })) as Chosen;
  }

  async explain(
    inputs: PlanningInputs,
    asked: ExplainAsked,
    signal: AbortSignal,
  ): Promise<Explanation | undefined> {
    const answer = await this.#plannings.ask(inputs, { kind: 'explain', asked }, signal);
    return answer as Explanation | undefined;
  }

  async whatIf(inputs: PlanningInputs, asked: WhatIfAsked, signal: AbortSignal): Promise<WhatIf> {
    return (await this.#plannings.ask(inputs, { kind: 'what-if', asked }, signal)) as WhatIf;
  }

  /** What is asked now is lost; what is asked later begins other threads. */
  async stop(): Promise<void> {
    await Promise.all([this.#scores.end(), this.#plannings.end()]);
  }
}

/** A thread that knows one fleet. Questions take turns: each is about the fleet that was told just before it. */
class FleetThread {
  readonly #thread = new AskedThread<AdviceQuestion>({
    script: new URL('./adviser-worker.js', import.meta.url),
    lost: (why) => new ForeshiftError('ERR_ADVICE_LOST', { why }),
  });
  readonly #turns = new Turns<'question'>();
  readonly #questionsMax: number;
  #questions = 0;
  #told: { readonly inputs: PlanningInputs; readonly life: object | undefined } | undefined;

  constructor(questionsMax: number) {
    this.#questionsMax = questionsMax;
  }

  async ask(
    inputs: PlanningInputs,
    question: AdviceQuestion,
    signal?: AbortSignal,
  ): Promise<unknown> {
    if (this.#questions >= this.#questionsMax) {
      fail('ERR_ADVISER_BUSY', { questions: this.#questionsMax });
    }
    this.#questions++;
    try {
      return await this.#turns.take('question', () => this.#answer(inputs, question, signal));
    } finally {
      this.#questions--;
    }
  }

  end(): Promise<void> {
    return this.#thread.end();
  }

  async #answer(
    inputs: PlanningInputs,
    question: AdviceQuestion,
    signal: AbortSignal | undefined,
  ): Promise<unknown> {
    signal?.throwIfAborted();
    const end = (): void => void this.end();
    signal?.addEventListener('abort', end, { once: true });
    try {
      await this.#tell(inputs, signal);
      return await this.#thread.ask(question);
    } catch (error) {
      signal?.throwIfAborted();
      throw error;
    } finally {
      signal?.removeEventListener('abort', end);
    }
  }

  async #tell(inputs: PlanningInputs, signal: AbortSignal | undefined): Promise<void> {
    const { life } = this.#thread;
    if (life !== undefined && this.#told?.life === life && this.#told.inputs === inputs) return;
    const columns = await inSlices(columnSlices(inputs));
    signal?.throwIfAborted();
    const taken = this.#thread.ask({ kind: 'take', columns });
    const { life: taker } = this.#thread;
    await taken;
    this.#told = { inputs, life: taker };
  }
}
