import { parentPort } from 'node:worker_threads';
import type { Answered, Asked } from './asked-thread.js';
import { failureOf } from './failure.js';

/**
 * The whole of a thread that `AskedThread` began: one question after the other, in the order in which they came.
 * @param answer is trusted with what it says it takes: the other side asks nothing else
 */
export function answerAsThread(answer: (question: never) => unknown): void {
  let turn: Promise<void> = Promise.resolve();
  parentPort?.on('message', (asked: Asked<never>) => {
    turn = turn.then(async () => {
      parentPort?.postMessage(await answered(asked, answer));
    });
  });
}

async function answered(
  { number, question }: Asked<never>,
  answer: (question: never) => unknown,
): Promise<Answered> {
  try {
    return { number, value: await answer(question) };
  } catch (error) {
    return { number, failure: failureOf(error) };
  }
}
