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
import { REHEARSALS_AGAIN, REHEARSALS_MAX } from './rehearsal.js';
import type { WhatIf } from './what-if.js';

/** What a thread is told and asked. All questions are about the fleet that it was told last. */
export type AdviceQuestion =
  | { readonly kind: 'take'; readonly columns: InputColumns }
  | { readonly kind: 'prepare' }
  | { readonly kind: 'plan'; readonly nowMs: number }
  /** Answered by whether another rehearsal is of use. */
  | { readonly kind: 'rehearse'; readonly number: number; readonly nowMs: number }
  | { readonly kind: 'score'; readonly moves: readonly Move[] }
  | { readonly kind: 'explain'; readonly asked: ExplainAsked }
  | { readonly kind: 'what-if'; readonly asked: WhatIfAsked };

/** So many questions wait for their turn at a thread that plans, the one under way included; more are refused. */
const PLANNINGS_MAX = 16;
/** Scores take milliseconds. */
const SCORES_MAX = 256;

/**
 * In three threads: one scores, so that no score waits for a search, which may take seconds. One answers what is asked of the fleet as it
 * is, which is planned ahead; the other searches for what would be. They change places with each fleet: the next one is planned
 * by the other while the first still answers.
 *
 * Each keeps the fleet that it was told last, and what it made of it, so that only the question goes there. Who has gone is not
 * answered: a search for nobody is ended with its thread.
 */
export class AdviserThread implements Adviser {
  readonly #scores = new FleetThread(SCORES_MAX);
  #answering = new FleetThread(PLANNINGS_MAX);
  #searching = new FleetThread(PLANNINGS_MAX);
  #isPlanning = false;
  /** The one that searches is told a fleet, and plans that as it is. */
  #isSearcherBusy = false;

  async prepare(inputs: PlanningInputs): Promise<void> {
    await this.#scores.ask(inputs, { kind: 'prepare' });
  }

  async plan(inputs: PlanningInputs): Promise<void> {
    const planner = this.#answering.knows(inputs) ? this.#answering : this.#searching;
    this.#isPlanning = true;
    try {
      await planner.ask(inputs, { kind: 'plan', nowMs: inputs.nowMs });
    } finally {
      this.#isPlanning = false;
    }
    if (planner === this.#searching) {
      [this.#answering, this.#searching] = [this.#searching, this.#answering];
    }
  }

  async planForSearches(inputs: PlanningInputs): Promise<void> {
    // Its thread plans the next fleet, which is to stay there.
    if (this.#isPlanning) return;
    const searching = this.#searching;
    this.#isSearcherBusy = true;
    try {
      await searching.ask(inputs, { kind: 'plan', nowMs: inputs.nowMs });
    } finally {
      this.#isSearcherBusy = false;
    }
    await searching.rehearse(inputs);
  }

  async score(inputs: PlanningInputs, moves: readonly Move[]): Promise<Chosen> {
    return (await this.#scores.ask(inputs, { kind: 'score', moves })) as Chosen;
  }

  async explain(
    inputs: PlanningInputs,
    asked: ExplainAsked,
    signal: AbortSignal,
  ): Promise<Explanation | undefined> {
    const answer = await this.#knowing(inputs, this.#answering).ask(
      inputs,
      { kind: 'explain', asked },
      signal,
    );
    return answer as Explanation | undefined;
  }

  async whatIf(inputs: PlanningInputs, asked: WhatIfAsked, signal: AbortSignal): Promise<WhatIf> {
    // The other one is through with that fleet: a search there takes less than to wait for this one.
    const isForSearcher = asked.changes.length > 0 && !this.#isSearcherBusy;
    const thread = this.#knowing(inputs, isForSearcher ? this.#searching : this.#answering);
    return (await thread.ask(inputs, { kind: 'what-if', asked }, signal)) as WhatIf;
  }

  /** What is asked now is lost; what is asked later begins other threads. */
  async stop(): Promise<void> {
    await Promise.all([this.#scores.end(), this.#answering.end(), this.#searching.end()]);
  }

  /** Rather one that knows this fleet than the right one. */
  #knowing(inputs: PlanningInputs, right: FleetThread): FleetThread {
    if (right.knows(inputs)) return right;
    return [this.#answering, this.#searching].find((each) => each.knows(inputs)) ?? right;
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
  /** The life of the thread that has rehearsed. */
  #rehearsed: object | undefined;
  /** What the last question was about. */
  #latest: PlanningInputs | undefined;
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
    this.#latest = inputs;
    try {
      return await this.#turns.take('question', () => this.#answer(inputs, question, signal));
    } finally {
      this.#questions--;
    }
  }

  /** It was told this fleet last, lives since, and will have been told no other before the next question. */
  knows(inputs: PlanningInputs): boolean {
    return this.#latest === inputs && this.#isTold(inputs);
  }

  /** The more the first time in the life of the thread; between any two questions of it others have their turn. */
  async rehearse(inputs: PlanningInputs): Promise<void> {
    const { life } = this.#thread;
    const most = this.#rehearsed === life ? REHEARSALS_AGAIN : REHEARSALS_MAX;
    this.#rehearsed = life;
    const { nowMs } = inputs;
    for (let number = 0; number < most && this.knows(inputs); number++) {
      const isOfUse = await this.ask(inputs, { kind: 'rehearse', number, nowMs });
      if (isOfUse !== true) return;
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
    const end = (): void => {
      // What all begin with goes on: the next one needs it, too.
      if (isSearch(question)) void this.end();
    };
    signal?.addEventListener('abort', end, { once: true });
    try {
      await this.#tell(inputs, signal);
      const answer = await this.#thread.ask(question);
      signal?.throwIfAborted();
      return answer;
    } catch (error) {
      signal?.throwIfAborted();
      throw error;
    } finally {
      signal?.removeEventListener('abort', end);
    }
  }

  #isTold(inputs: PlanningInputs): boolean {
    const { life } = this.#thread;
    return life !== undefined && this.#told?.life === life && this.#told.inputs === inputs;
  }

  async #tell(inputs: PlanningInputs, signal: AbortSignal | undefined): Promise<void> {
    if (this.#isTold(inputs)) return;
    const columns = await inSlices(columnSlices(inputs));
    signal?.throwIfAborted();
    const taken = this.#thread.ask({ kind: 'take', columns });
    const { life: taker } = this.#thread;
    await taken;
    this.#told = { inputs, life: taker };
  }
}

function isSearch(question: AdviceQuestion): boolean {
  return question.kind === 'what-if' && question.asked.changes.length > 0;
}
