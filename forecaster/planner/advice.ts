import type { ResourceId } from '../../core/domain.js';
import { Kept } from '../../core/kept.js';
import type { Move } from '../../core/plan.js';
import type { Change } from './changed.js';
import { changed } from './changed.js';
import type { Chosen } from './chosen.js';
import { Choices } from './chosen.js';
import type { Explanation } from './explain.js';
import { explain } from './explain.js';
import type { PlanningInputs } from './inputs.js';
import type { Planned } from './planner.js';
import { planned } from './planner.js';
import type { PlanningRun } from './solved.js';
import type { WhatIf } from './what-if.js';
import { whatIf } from './what-if.js';

export interface ExplainAsked {
  readonly resource: ResourceId;
  readonly nowMs: number;
}

export interface WhatIfAsked {
  /** Made one after the other. */
  readonly changes: readonly Change[];
  readonly nowMs: number;
}

/** Time plays a part in a plan (what rests, what may be moved within the hour), by more than this. */
const SAME_TIME_MS = 60_000;

/** Answers about one fleet, one after the other: what they have in common is made with the first that needs it. */
export class Advice {
  readonly #inputs: PlanningInputs;
  readonly #runOf: () => PlanningRun;
  #choices: Choices | undefined;
  readonly #planned = new Kept<Planned>();

  /** @param runOf makes the run of each planning */
  constructor(inputs: PlanningInputs, runOf: () => PlanningRun = () => ({})) {
    this.#inputs = inputs;
    this.#runOf = runOf;
  }

  /** What scores have in common. @throws ERR_PLANNING_INVALID */
  prepare(): void {
    // Also what the first score finds out for nearly all others (`peakBound`).
    this.score([]);
  }

  /** @throws ERR_PLANNING_INVALID */
  score(moves: readonly Move[]): Chosen {
    this.#choices ??= new Choices(this.#inputs);
    return this.#choices.score(moves);
  }

  /** Undefined: there is no such resource. @throws ERR_PLANNING_INVALID */
  explain({ resource, nowMs }: ExplainAsked): Explanation | undefined {
    return explain(this.#plannedAt(nowMs, this.#inputs), resource);
  }

  /** @throws ERR_PLANNING_INVALID, ERR_SERVER_UNKNOWN, ERR_RESOURCE_UNKNOWN, ERR_CHANGE_INVALID */
  whatIf({ changes, nowMs }: WhatIfAsked): WhatIf {
    // A pause stops what would be done, not what would be good.
    const unrestrained = { ...this.#inputs, restraint: null };
    const after = changes.reduce(changed, { ...unrestrained, nowMs });
    const before = this.#plannedAt(nowMs, unrestrained);
    return whatIf(before, changes.length === 0 ? before : planned(after, this.#runOf()));
  }

  /** As the fleet is: a search within the same minute would begin with the same. */
  #plannedAt(nowMs: number, inputs: PlanningInputs): Planned {
    const facts = [Math.floor(nowMs / SAME_TIME_MS), inputs.restraint?.why];
    return this.#planned.of(facts, () => planned({ ...inputs, nowMs }, this.#runOf()));
  }
}
