import type { ResourceId } from '../../core/domain.js';
import { ForeshiftError, fail } from '../../core/errors.js';
import type { ThreadFailure } from '../../core/threads/work-thread.js';
import { workInThread } from '../../core/threads/work-thread.js';
import { Turns } from '../../core/turns.js';
import type { AdviceAsked, Adviser } from './adviser.js';
import type { Explanation } from './explain.js';
import type { PlanningInputs } from './inputs.js';
import type { WhatIf } from './what-if.js';

/** So many wait for their turn, the one that is answered included; more are refused. */
const QUESTIONS_MAX = 16;

/**
 * Each question in a thread of its own, one after the other: planning for a large fleet takes seconds, and the event loop
 * of whoever asks carries more than that. Who has gone is not answered.
 */
export class AdviserThread implements Adviser {
  readonly #turns = new Turns<'question'>();
  #questions = 0;

  explain(
    inputs: PlanningInputs,
    resource: ResourceId,
    signal: AbortSignal,
  ): Promise<Explanation | undefined> {
    return this.#ask({ kind: 'explain', inputs, resource }, signal);
  }

  whatIf(before: PlanningInputs, after: PlanningInputs, signal: AbortSignal): Promise<WhatIf> {
    return this.#ask({ kind: 'what-if', before, after }, signal);
  }

  async #ask<Answer>(asked: AdviceAsked, signal: AbortSignal): Promise<Answer> {
    if (this.#questions >= QUESTIONS_MAX) fail('ERR_ADVISER_BUSY', { questions: QUESTIONS_MAX });
    this.#questions++;
    try {
      const script = new URL('./adviser-worker.js', import.meta.url);
      const watch = { signal, progress: () => undefined };
      return await this.#turns.take('question', () =>
        workInThread<Answer>(script, asked, watch, errorOf),
      );
    } finally {
      this.#questions--;
    }
  }
}

function errorOf({ code, why }: ThreadFailure): Error {
  return code === 'ERR_PLANNING_INVALID'
    ? new ForeshiftError(code, { what: 'the fleet', why })
    : new ForeshiftError('ERR_ADVICE_LOST', { why });
}
