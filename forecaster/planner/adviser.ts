import { Kept } from '../../core/kept.js';
import type { Move } from '../../core/plan.js';
import type { ExplainAsked, WhatIfAsked } from './advice.js';
import { Advice } from './advice.js';
import type { Chosen } from './chosen.js';
import type { Explanation } from './explain.js';
import type { PlanningInputs } from './inputs.js';
import type { WhatIf } from './what-if.js';

/**
 * Answers operators' questions about a fleet, and changes nothing: in threads of its own, or in place. Inputs that are the same object
 * are the same fleet: what answers about it have in common is made once, and kept until another fleet is asked about.
 */
export interface Adviser {
  /** Ahead of the first score. @throws ERR_PLANNING_INVALID, ERR_ADVISER_BUSY, ERR_ADVICE_LOST */
  prepare(inputs: PlanningInputs): Promise<void>;
  /**
   * Ahead of the first explanation: the fleet as it is, planned as of its `nowMs`. Meanwhile questions about the fleet that was planned
   * before are answered. @throws ERR_PLANNING_INVALID, ERR_ADVISER_BUSY, ERR_ADVICE_LOST
   */
  plan(inputs: PlanningInputs): Promise<void>;
  /** Ahead of the first search for a changed fleet, after `plan`: it tries some. @throws as `plan` */
  planForSearches(inputs: PlanningInputs): Promise<void>;
  /** How good these moves are. @throws ERR_PLANNING_INVALID, ERR_ADVISER_BUSY, ERR_ADVICE_LOST */
  score(inputs: PlanningInputs, moves: readonly Move[]): Promise<Chosen>;
  /** Undefined: there is no such resource. @throws ERR_PLANNING_INVALID, ERR_ADVISER_BUSY, ERR_ADVICE_LOST */
  explain(
    inputs: PlanningInputs,
    asked: ExplainAsked,
    signal: AbortSignal,
  ): Promise<Explanation | undefined>;
  /**
   * @throws ERR_SERVER_UNKNOWN, ERR_RESOURCE_UNKNOWN, ERR_CHANGE_INVALID, ERR_PLANNING_INVALID, ERR_ADVISER_BUSY,
   * ERR_ADVICE_LOST
   */
  whatIf(inputs: PlanningInputs, asked: WhatIfAsked, signal: AbortSignal): Promise<WhatIf>;
}

/** In place: for tests, and where only the routes are asked what they are. */
export class InlineAdviser implements Adviser {
  readonly #advice = new Kept<Advice>();

  async prepare(inputs: PlanningInputs): Promise<void> {
    await Promise.resolve();
    this.#on(inputs).prepare();
  }

  async plan(inputs: PlanningInputs): Promise<void> {
    await Promise.resolve();
    this.#on(inputs).plan(inputs.nowMs);
  }

  planForSearches(inputs: PlanningInputs): Promise<void> {
    return this.plan(inputs);
  }

  async score(inputs: PlanningInputs, moves: readonly Move[]): Promise<Chosen> {
    await Promise.resolve();
    return this.#on(inputs).score(moves);
  }

  async explain(inputs: PlanningInputs, asked: ExplainAsked): Promise<Explanation | undefined> {
    await Promise.resolve();
    return this.#on(inputs).explain(asked);
  }

  async whatIf(inputs: PlanningInputs, asked: WhatIfAsked): Promise<WhatIf> {
    await Promise.resolve();
    return this.#on(inputs).whatIf(asked);
  }

  #on(inputs: PlanningInputs): Advice {
    return this.#advice.of([inputs], () => new Advice(inputs));
  }
}
