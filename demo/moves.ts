import { PLAN } from '../core/table-store/records/plan.js';
import type { TableView } from '../core/table-store/view.js';

/** What came of the plans of a demo. */
export interface AppliedMoves {
  readonly switches: number;
  readonly ofSeveral: number;
  readonly moves: number;
  readonly holdMsMax: number;
  readonly heldRequests: number;
}

/** Of switches that moved something off a server that already had it: first placements do not count. */
export function realOutcomes(view: TableView) {
  return [...view.all(PLAN).values()].flatMap(({ value: { plan, outcomes } }) =>
    outcomes.filter(({ result, batch }) => {
      const moves = plan.batches[batch]?.moves ?? [];
      return result === 'applied' && moves.some(({ source }) => source !== null);
    }),
  );
}

export function appliedMoves(view: TableView): AppliedMoves {
  const outcomes = realOutcomes(view);
  return {
    switches: outcomes.length,
    ofSeveral: outcomes.filter(({ resources }) => resources.length > 1).length,
    moves: outcomes.reduce((sum, { resources }) => sum + resources.length, 0),
    holdMsMax: Math.max(0, ...outcomes.map(({ holdMs }) => holdMs)),
    heldRequests: outcomes.reduce((sum, { heldRequests }) => sum + heldRequests, 0),
  };
}
