import { parentPort, workerData } from 'node:worker_threads';
import { ForeshiftError } from '../core/errors.js';
import type { Panel } from '../core/panel.js';
import type { SeriesKey } from '../core/sample.js';
import { messageOf } from '../core/text.js';
import type { NeuralUse } from './analysis.js';
import type { AnalysisAnswer, Failure, Question } from './analysis-thread.js';
import type { AnalysisOptions } from './inline-analysis.js';
import { InlineAnalysis } from './inline-analysis.js';
import type { PlanningInputs } from './planner/inputs.js';

/* The thread of `AnalysisThread`: one question after the other. */

const analysis = new InlineAnalysis(workerData as AnalysisOptions);
let turn: Promise<void> = Promise.resolve();

parentPort?.on('message', (question: Question) => {
  turn = turn.then(async () => {
    const answer = await answerOf(question);
    parentPort?.postMessage(answer);
  });
});

async function answerOf({ number, verb, argument }: Question): Promise<AnalysisAnswer> {
  try {
    switch (verb) {
      case 'observe':
        await analysis.observe(argument as Panel);
        return { number, value: null };
      case 'forecast':
        return { number, value: await analysis.forecast(argument as readonly SeriesKey[]) };
      case 'plan':
        return { number, value: await analysis.plan(argument as PlanningInputs) };
      case 'rescue':
        return { number, value: await analysis.rescue(argument as PlanningInputs) };
      case 'useNeural':
        return { number, value: await analysis.useNeural(argument as NeuralUse) };
      case 'learn':
        return { number, value: analysis.learnSome(argument as number) };
      case 'save':
        return { number, value: await analysis.save() };
      case 'restore':
        await analysis.restore(argument as Uint8Array);
        return { number, value: null };
    }
  } catch (error) {
    return { number, failure: failureOf(error) };
  }
}

function failureOf(error: unknown): Failure {
  const isCoded = error instanceof ForeshiftError;
  return {
    code: isCoded ? error.code : undefined,
    facts: isCoded ? error.facts : {},
    message: messageOf(error),
  };
}
