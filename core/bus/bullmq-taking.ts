import type { RedisQueueBackend } from 'bullmq';

/** What becomes of a worker's asking for jobs. */
export interface Taking {
  /** There was a job, or none. */
  readonly answered: () => void;
  /** Until it resolves, the worker does not ask again. */
  readonly failed: (error: unknown) => Promise<void>;
}

/**
 * Tells how a worker fares in its two steps: it waits until there may be a job, then it takes it. BullMQ emits the errors of
 * both among all others, says of an answer nothing, and asks again at once where Redis refuses: a core and a Redis would be
 * busy with that. A wait that ended well tells nothing, since one that nobody answered ends so, too; a job is taken only
 * after it.
 */
export function watchTaking(backend: RedisQueueBackend, taking: Taking): RedisQueueBackend {
  const wait = backend.waitForJob.bind(backend);
  const take = backend.moveToActive.bind(backend);
  const failed = async (error: unknown): Promise<never> => {
    await taking.failed(error);
    throw error;
  };
  backend.waitForJob = (timeoutS) => wait(timeoutS).catch(failed);
  backend.moveToActive = async (token, name) => {
    const taken: unknown[] = await take(token, name).catch(failed);
    taking.answered();
    return taken;
  };
  return backend;
}
