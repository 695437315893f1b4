import type { LostSourcePolicy, ResourceId, ServerId } from '../../core/domain.js';
import { planId } from '../../core/domain.js';
import { formatGeneration } from '../../core/generation.js';
import type { Batch, Plan, PlannedMove } from '../../core/plan.js';
import type { PlanRecord } from '../../core/table-store/records/plan.js';
import { stateOf } from '../../core/table-store/server-state.js';
import type { TableView } from '../../core/table-store/view.js';
import { duePlans } from './plan-queue.js';

export interface FailoverOptions {
  /** More than those of a plan: nothing is to be drained, and all of them are down. */
  readonly batchMovesMax: number;
  /** A failover that could not be applied in this time is thought over again. */
  readonly planLifeMs: number;
}

/**
 * The plan for a lost server that the table itself holds: each resource to its standby. For when no better
 * plan arrives in time. Undefined: nothing is to be done, or nothing can be.
 */
export function failoverPlan(
  lost: ServerId,
  view: TableView,
  {
    nowMs,
    policyOf,
    options,
  }: {
    readonly nowMs: number;
    readonly policyOf: (resource: ResourceId) => LostSourcePolicy;
    readonly options: FailoverOptions;
  },
): PlanRecord | undefined {
  const claimed = rescuedByPlans(lost, view, nowMs);
  const moves = view.table.resourcesOn(lost).flatMap((resource) => {
    const move = claimed.has(resource) ? undefined : moveToStandby(resource, lost, view);
    return move === undefined ? [] : [move];
  });
  if (moves.length === 0) return undefined;
  const batches = inBatches(moves, policyOf, options.batchMovesMax);
  const servers = [lost, ...new Set(moves.map(({ target }) => target))];
  const plan: Plan = {
    id: planId(`lost-${lost}`.slice(0, 100) + `-${view.reserved.epoch + 1}`),
    trigger: { kind: 'event', detail: `server ${lost} was lost` },
    madeAtMs: nowMs,
    expiresAtMs: nowMs + options.planLifeMs,
    base: view.table.generation,
    states: Object.fromEntries(
      servers.map((server) => [server, server === lost ? 'lost' : 'ready'] as const),
    ),
    batches,
    standbys: {},
    analysis: null,
  };
  return {
    plan,
    status: 'approved',
    by: 'coordinator',
    reason: `no plan arrived in time; base generation ${formatGeneration(plan.base)}`,
    decidedAtMs: nowMs,
    startAtMs: null,
    outcomes: [],
    finishedAtMs: null,
  };
}

/** What plans that know of the loss are about to move: they were made for it, and are better. */
function rescuedByPlans(lost: ServerId, view: TableView, nowMs: number): Set<ResourceId> {
  const open = duePlans(view, nowMs).filter(
    ({ plan }) => nowMs <= plan.expiresAtMs && plan.states[lost] === 'lost',
  );
  return new Set(
    open.flatMap(({ plan, outcomes }) => {
      const ended = new Set(outcomes.map(({ batch }) => batch));
      const batches = plan.batches.filter((_batch, index) => !ended.has(index));
      return batches.flatMap(({ moves }) => moves.map(({ resource }) => resource));
    }),
  );
}

function moveToStandby(
  resource: ResourceId,
  lost: ServerId,
  view: TableView,
): PlannedMove | undefined {
  const placement = view.table.placementOf(resource);
  const target = placement?.standby;
  if (placement === undefined || target === null || target === undefined) return undefined;
  if (stateOf(view, target) !== 'ready') return undefined;
  return {
    resource,
    source: lost,
    target,
    since: placement.since,
    demand: {},
    reason: {
      kind: 'lost',
      server: lost,
      dimension: null,
      atMs: null,
      before: null,
      after: null,
      limit: null,
    },
  };
}

/**
 * Those that need not wait for the serving lease come first, and each batch goes to one server: a standby that refuses
 * keeps nobody else waiting.
 */
function inBatches(
  moves: readonly PlannedMove[],
  policyOf: (resource: ResourceId) => LostSourcePolicy,
  batchMovesMax: number,
): Batch[] {
  const batches: Batch[] = [];
  for (const policy of ['availability', 'consistency'] as const) {
    const ofPolicy = moves.filter(({ resource }) => policyOf(resource) === policy);
    for (const standby of new Set(ofPolicy.map(({ target }) => target))) {
      const toOne = ofPolicy.filter(({ target }) => target === standby);
      for (let at = 0; at < toOne.length; at += batchMovesMax) {
        batches.push({ moves: toOne.slice(at, at + batchMovesMax) });
      }
    }
  }
  return batches;
}
