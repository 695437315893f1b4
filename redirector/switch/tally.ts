import { Observations } from '../../core/observations.js';
import type { BatchOutcome } from '../../core/table-store/records/plan.js';

/** Of times that people wait: from a few milliseconds to the longest that a hold may be. */
const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30] as const;

const RESULTS = ['applied', 'given-back', 'aborted', 'left-out'] as const;

/**
 * How the switches ended that this redirector coordinated. One whose end was written by a call that had no answer is not
 * counted: the plan's record has it.
 */
export class SwitchTally {
  /** Those that have not come yet are there with 0: else nobody would see the first one come. */
  readonly #results = new Map<BatchOutcome['result'], number>(RESULTS.map((one) => [one, 0]));
  /** Of batches that were applied, in seconds. */
  readonly hold = new Observations(SECONDS);
  readonly drain = new Observations(SECONDS);
  /** Resources that changed their server. */
  moves = 0;
  heldRequests = 0;
  failedRequests = 0;

  /** Batches by how they ended. */
  get results(): ReadonlyMap<BatchOutcome['result'], number> {
    return this.#results;
  }

  add({ result, resources, holdMs, drainMs, heldRequests, failedRequests }: BatchOutcome): void {
    this.#results.set(result, (this.#results.get(result) ?? 0) + 1);
    this.heldRequests += heldRequests;
    this.failedRequests += failedRequests;
    if (result !== 'applied') return;
    this.moves += resources.length;
    this.hold.observe(holdMs / 1000);
    this.drain.observe(drainMs / 1000);
  }
}
