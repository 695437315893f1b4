import { strict as assert } from 'node:assert';
import { SystemClock } from '../../core/clock/system.js';
import { answerAsThread } from '../../core/threads/answering.js';
import { Advice } from './advice.js';
import type { AdviceQuestion } from './adviser-thread.js';
import { inputsIn } from './input-columns.js';
import type { PlanningRun } from './solved.js';

/* One of the threads of `AdviserThread`. */

/** Of each planning: somebody waits for the answer. A plan that the clock stopped says so. */
const SECONDS_MAX = 10;

/** Of all rehearsals of a fleet: where searches take long, one is enough. */
const REHEARSED_MS_MAX = 1000;

const clock = new SystemClock();
let advice: Advice | undefined;
let rehearsedMs = 0;

answerAsThread((question: AdviceQuestion): unknown => {
  if (question.kind === 'take') {
    advice = new Advice(inputsIn(question.columns), runOf);
    rehearsedMs = 0;
    return null;
  }
  assert.ok(advice !== undefined, 'a fleet was told before it is asked about');
  switch (question.kind) {
    case 'prepare':
      advice.prepare();
      return null;
    case 'plan':
      advice.plan(question.nowMs);
      return null;
    case 'rehearse': {
      const startedAtMs = clock.monotonicMs();
      advice.rehearse(question.number, question.nowMs);
      rehearsedMs += clock.monotonicMs() - startedAtMs;
      return rehearsedMs < REHEARSED_MS_MAX;
    }
    case 'score':
      return advice.score(question.moves);
    case 'explain':
      return advice.explain(question.asked);
    case 'what-if':
      return advice.whatIf(question.asked);
  }
});

function runOf(): PlanningRun {
  const startedAtMs = clock.monotonicMs();
  return { timeShare: () => (clock.monotonicMs() - startedAtMs) / (SECONDS_MAX * 1000) };
}
