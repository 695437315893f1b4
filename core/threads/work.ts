import { parentPort, workerData } from 'node:worker_threads';
import type { Clock } from '../clock/port.js';
import { SystemClock } from '../clock/system.js';
import { failureOf } from './failure.js';
import type { ThreadNews } from './work-thread.js';

/** The whole of a thread that `workInThread` began: its work, what it tells meanwhile, its result or failure. */
export async function workAsThread<Result>(
  work: (told: unknown, tell: (done: number) => void) => Promise<Result>,
): Promise<void> {
  const say = (news: ThreadNews<Result>): void => {
    parentPort?.postMessage(news);
  };
  try {
    const result = await work(workerData, (done) => {
      say({ done });
    });
    say({ result });
  } catch (error) {
    say({ failure: failureOf(error) });
  }
}

/** Told of progress this often, as a share. */
const TOLD_EVERY = 0.01;

/** How a long work in a thread paces itself, and what it tells of its progress. */
export interface PacedRun {
  readonly rest: () => Promise<void>;
  /** @param done as a share; told onwards each hundredth */
  readonly progress: (done: number) => void;
}

/** The whole of a thread whose work takes no more than `cpuShare` of a core: of what it is told, the rest is the work's. */
export function workPacedAsThread<Told extends { readonly cpuShare: number }, Result>(
  work: (asked: Omit<Told, 'cpuShare'>, run: PacedRun) => Promise<Result>,
): Promise<void> {
  return workAsThread<Result>((told, tell) => {
    const { cpuShare, ...asked } = told as Told;
    const pace = new Pace(new SystemClock(), cpuShare);
    let toldAt = 0;
    const progress = (done: number): void => {
      if (done - toldAt < TOLD_EVERY) return;
      toldAt = done;
      tell(done);
    };
    return work(asked, { rest: () => pace.rest(), progress });
  });
}

/** Shorter rests are saved up. */
const REST_MS = 20;

/** Rests between steps of a long work, so that it takes no more than its share of a core. */
export class Pace {
  readonly #clock: Clock;
  readonly #share: number;
  #workedFromMs: number;

  /** @param share of a core, above 0, at most 1 */
  constructor(clock: Clock, share: number) {
    this.#clock = clock;
    this.#share = share;
    this.#workedFromMs = clock.monotonicMs();
  }

  /** As long as makes the work since the last rest its share of the time. */
  async rest(): Promise<void> {
    const workedMs = this.#clock.monotonicMs() - this.#workedFromMs;
    const restMs = workedMs * (1 / this.#share - 1);
    if (restMs < REST_MS) return;
    await this.#clock.sleep(restMs);
    this.#workedFromMs = this.#clock.monotonicMs();
  }
}
