import { Worker } from 'node:worker_threads';
import { ForeshiftError } from '../errors.js';
import { messageOf } from '../text.js';
import type { ThreadFailure } from './failure.js';

/** What goes to the thread, and what comes back: matched by number. */
export interface Asked<Question> {
  readonly number: number;
  readonly question: Question;
}

export type Answered =
  | { readonly number: number; readonly value: unknown }
  | { readonly number: number; readonly failure: ThreadFailure };

export interface AskedThreadOptions<Question> {
  /** Its `answerAsThread` answers. */
  readonly script: URL;
  readonly workerData?: unknown;
  /** What is thrown for what has no code of its own, and for all that a thread was asked when it ended. */
  readonly lost: (why: string) => Error;
  /** It failed as a whole, and ends. */
  readonly failed?: (error: unknown) => void;
  /** What each thread is told before anything else; nobody waits for its answer. */
  readonly first?: () => Question | undefined;
}

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** One thread, from its beginning to its end. */
interface Life {
  readonly worker: Worker;
  readonly waiting: Map<number, Waiting>;
}

/**
 * A thread that lasts, and answers one question after the other. It begins with the first; one that died is replaced with the next,
 * and knows nothing of what the former was told (`life` is another object then). Only while somebody waits it keeps the process
 * from ending.
 */
export class AskedThread<Question> {
  readonly #options: AskedThreadOptions<Question>;
  #life: Life | undefined;
  #number = 0;

  constructor(options: AskedThreadOptions<Question>) {
    this.#options = options;
  }

  /** The same object as long as it is the same thread; undefined: there is none. */
  get life(): object | undefined {
    return this.#life;
  }

  /** @throws the coded error that the thread threw; what `lost` makes */
  ask(question: Question): Promise<unknown> {
    const { worker, waiting } = (this.#life ??= this.#begin());
    const asked = this.#numbered(question);
    return new Promise((resolve, reject) => {
      waiting.set(asked.number, { resolve, reject });
      worker.ref();
      worker.postMessage(asked);
    });
  }

  /** Ahead of the first question. */
  begin(): void {
    this.#life ??= this.#begin();
  }

  /** At once, whatever it does: what it was asked is lost. The next question begins another. */
  async end(): Promise<void> {
    const life = this.#life;
    if (life === undefined) return;
    this.#over(life, 'its thread was ended');
    await life.worker.terminate();
  }

  #begin(): Life {
    const { script, workerData, failed, first } = this.#options;
    const worker = new Worker(script, { workerData });
    const life: Life = { worker, waiting: new Map() };
    worker.on('message', (answered: Answered) => {
      this.#answered(life, answered);
    });
    worker.once('error', (error) => {
      failed?.(error);
      this.#over(life, messageOf(error));
    });
    worker.once('exit', () => {
      this.#over(life, 'its thread ended');
    });
    const told = first?.();
    if (told !== undefined) worker.postMessage(this.#numbered(told));
    return life;
  }

  #numbered(question: Question): Asked<Question> {
    this.#number += 1;
    return { number: this.#number, question };
  }

  #answered({ worker, waiting }: Life, answered: Answered): void {
    const asker = waiting.get(answered.number);
    waiting.delete(answered.number);
    if (waiting.size === 0) worker.unref();
    if ('value' in answered) asker?.resolve(answered.value);
    else asker?.reject(this.#errorOf(answered.failure));
  }

  #over(life: Life, why: string): void {
    if (this.#life === life) this.#life = undefined;
    for (const { reject } of life.waiting.values()) reject(this.#options.lost(why));
    life.waiting.clear();
  }

  #errorOf({ code, facts, why }: ThreadFailure): Error {
    if (code === undefined) return this.#options.lost(why);
    return new ForeshiftError(code as ForeshiftError['code'], facts);
  }
}
