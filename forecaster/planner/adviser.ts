import type { ResourceId } from '../../core/domain.js';
import type { Explanation } from './explain.js';
import { explain } from './explain.js';
import type { PlanningInputs } from './inputs.js';
import type { PlanningRun } from './solved.js';
import type { WhatIf } from './what-if.js';
import { whatIf } from './what-if.js';

/** What an operator asks of the planner. */
export type AdviceAsked =
  | { readonly kind: 'explain'; readonly inputs: PlanningInputs; readonly resource: ResourceId }
  | {
      readonly kind: 'what-if';
      readonly before: PlanningInputs;
      readonly after: PlanningInputs;
    };

/** Answers operators' questions by planning, and changes nothing: in a thread of its own, or in place. */
export interface Adviser {
  /** Undefined: there is no such resource. @throws ERR_PLANNING_INVALID, ERR_ADVISER_BUSY */
  explain(
    inputs: PlanningInputs,
    resource: ResourceId,
    signal: AbortSignal,
  ): Promise<Explanation | undefined>;
  /** @throws ERR_PLANNING_INVALID, ERR_ADVISER_BUSY */
  whatIf(before: PlanningInputs, after: PlanningInputs, signal: AbortSignal): Promise<WhatIf>;
}

/** The answer itself. @param runOf makes the run of each planning */
export function adviceOn(
  asked: AdviceAsked,
  runOf: () => PlanningRun = () => ({}),
): Explanation | WhatIf | undefined {
  return asked.kind === 'explain'
    ? explain(asked.inputs, asked.resource, runOf())
    : whatIf(asked.before, asked.after, runOf);
}

/** In place: for tests, and where only the routes are asked what they are. */
export class InlineAdviser implements Adviser {
  explain(inputs: PlanningInputs, resource: ResourceId): Promise<Explanation | undefined> {
    return Promise.resolve(explain(inputs, resource));
  }

  whatIf(before: PlanningInputs, after: PlanningInputs): Promise<WhatIf> {
    return Promise.resolve(whatIf(before, after));
  }
}
