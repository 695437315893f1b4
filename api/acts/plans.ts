import type { PlanId, ResourceId, ServerId } from '../../core/domain.js';
import { fail } from '../../core/errors.js';
import { formatGeneration, isSameGeneration } from '../../core/generation.js';
import type { Batch, Plan, PlannedMove } from '../../core/plan.js';
import { Draft } from '../../core/table-store/draft.js';
import { recordPlan } from '../../core/table-store/plans.js';
import type { PlanRecord } from '../../core/table-store/records/plan.js';
import { PLAN } from '../../core/table-store/records/plan.js';
import { stateOf } from '../../core/table-store/server-state.js';
import { staleness } from '../../core/table-store/staleness.js';
import type { TableView } from '../../core/table-store/view.js';
import type { ActParts, Actor } from './act.js';
import { act, withReason } from './act.js';

/** How a plan is approved. */
export interface Approval {
  /** Not to be applied before; null: at once. */
  readonly startAtMs: number | null;
  /** Moves that the operator does not want, by their resources, and how good the rest is; undefined: all are wanted. */
  readonly leftOut?: LeftOut | undefined;
}

export interface LeftOut {
  readonly resources: readonly ResourceId[];
  readonly analysis: Plan['analysis'];
}

/**
 * Approves a plan that waits, or gives one that is approved and has not begun another time. `startAtMs`: not to be applied
 * before, null: at once; the plan then lives as long after that as it would have without.
 * @throws ERR_PLAN_UNKNOWN, ERR_PLAN_DECIDED, ERR_PLAN_STALE, ERR_PLAN_EMPTY
 */
export function approvePlan(
  id: PlanId,
  actor: Actor,
  { startAtMs, leftOut }: Approval,
  parts: ActParts,
): Promise<PlanRecord> {
  const { view, clock } = parts;
  return act('approve', actor, parts, () => {
    const record = planOf(view, id);
    const nowMs = clock.realtimeMs();
    const hasTime = record.startAtMs !== null && record.startAtMs > nowMs;
    const isOtherwise = hasTime && record.startAtMs !== startAtMs;
    const isApproved = record.status === 'approved';
    // Said twice is said once.
    if (
      (isApproved && !isOtherwise) ||
      record.status === 'applying' ||
      record.status === 'applied'
    ) {
      return { draft: undefined, detail: '', result: record };
    }
    if (!isApproved) assertWaiting(record);
    const plan = leftOut === undefined ? record.plan : planWithout(record.plan, leftOut);
    assertFresh(plan, parts);
    const lifeMs = plan.expiresAtMs - (record.startAtMs ?? plan.madeAtMs);
    const approved: PlanRecord = {
      ...record,
      plan: { ...plan, expiresAtMs: Math.max(plan.expiresAtMs, (startAtMs ?? 0) + lifeMs) },
      status: 'approved',
      by: actor.by,
      reason: actor.reason,
      decidedAtMs: nowMs,
      startAtMs,
    };
    const draft = new Draft().expect(view, PLAN, id).put(PLAN, id, approved);
    const less = leftOut === undefined ? '' : ` without ${leftOut.resources.join(', ')}`;
    return { draft, detail: `plan ${id}${less}`, result: approved };
  });
}

/** What stays of a plan; a resource that stays where it is keeps the standby that it has. @throws ERR_PLAN_EMPTY */
function planWithout(plan: Plan, { resources, analysis }: LeftOut): Plan {
  const left = new Set(resources);
  const batches = plan.batches.flatMap((batch): Batch[] => {
    const moves = batch.moves.filter(({ resource }) => !left.has(resource));
    return moves.length === 0 ? [] : [{ moves }];
  });
  if (batches.length === 0) return fail('ERR_PLAN_EMPTY', { plan: plan.id });
  const standbys = Object.fromEntries(
    Object.entries(plan.standbys).filter(([resource]) => !left.has(resource as ResourceId)),
  );
  return { ...plan, batches, standbys, analysis };
}

/** @throws ERR_PLAN_UNKNOWN, ERR_PLAN_DECIDED */
export function rejectPlan(id: PlanId, actor: Actor, parts: ActParts): Promise<PlanRecord> {
  const { view, clock } = parts;
  return act('reject', actor, parts, () => {
    const record = planOf(view, id);
    if (record.status === 'rejected') return { draft: undefined, detail: '', result: record };
    const isScheduled = record.status === 'approved' && record.startAtMs !== null;
    if (!isScheduled) assertWaiting(record);
    const nowMs = clock.realtimeMs();
    const rejected: PlanRecord = {
      ...record,
      status: 'rejected',
      by: actor.by,
      reason: actor.reason,
      decidedAtMs: nowMs,
      finishedAtMs: nowMs,
    };
    const draft = new Draft().expect(view, PLAN, id).put(PLAN, id, rejected);
    return { draft, detail: `plan ${id}`, result: rejected };
  });
}

/**
 * Makes and approves the plan that takes back what another one moved, batch by batch, the last first. Resources
 * that have been moved again since stay where they are.
 * @throws ERR_PLAN_UNKNOWN, ERR_NOTHING_TO_UNDO
 */
export async function rollbackPlan(
  id: PlanId,
  actor: Actor,
  planLifeMs: number,
  parts: ActParts,
): Promise<PlanRecord> {
  const { view, clock } = parts;
  await view.sync();
  const batches = inverseBatches(planOf(view, id), view);
  if (batches.length === 0) return fail('ERR_NOTHING_TO_UNDO', { plan: id });
  const nowMs = clock.realtimeMs();
  const servers = batches.flatMap(({ moves }) =>
    moves.flatMap(({ source, target }) => (source === null ? [target] : [source, target])),
  );
  const record = await recordPlan(
    {
      trigger: { kind: 'operator', detail: `rollback of plan ${id}` },
      madeAtMs: nowMs,
      expiresAtMs: nowMs + planLifeMs,
      base: view.table.generation,
      states: Object.fromEntries(servers.map((server) => [server, stateNow(view, server)])),
      batches,
      standbys: {},
      analysis: null,
    },
    { ...actor, audit: { what: 'rollback', detail: withReason(`plan ${id}`, actor) } },
    parts,
  );
  parts.log.info({ plan: id, by: actor.by, inverse: record.plan.id }, 'plan rolled back');
  return record;
}

/** The way back from what a plan moved, as far as it is open now. */
export function inverseBatches({ plan, outcomes }: PlanRecord, view: TableView): Batch[] {
  return [...outcomes].reverse().flatMap(({ batch, result, generation }) => {
    if (result !== 'applied' || generation === null) return [];
    const moves = (plan.batches[batch]?.moves ?? []).flatMap((move) => {
      const placement = view.table.placementOf(move.resource);
      const isStill = placement !== undefined && isSameGeneration(placement.since, generation);
      if (!isStill || move.source === null) return [];
      if (stateOf(view, move.source) !== 'ready') return [];
      return [inverseOf(move, move.source, generation)];
    });
    return moves.length === 0 ? [] : [{ moves }];
  });
}

export function planOf(view: TableView, id: PlanId): PlanRecord {
  return view.get(PLAN, id)?.value ?? fail('ERR_PLAN_UNKNOWN', { plan: id });
}

function stateNow(view: TableView, server: ServerId): Plan['states'][ServerId] {
  const state = stateOf(view, server);
  return state === 'unknown' ? fail('ERR_SERVER_UNKNOWN', { server }) : state;
}

function inverseOf(
  { resource, target, demand }: PlannedMove,
  back: ServerId,
  since: PlannedMove['since'],
): PlannedMove {
  return {
    resource,
    source: target,
    target: back,
    since,
    demand,
    reason: {
      kind: 'rollback',
      server: null,
      dimension: null,
      atMs: null,
      before: null,
      after: null,
      limit: null,
    },
  };
}

function assertWaiting({ plan, status }: PlanRecord): void {
  if (status !== 'proposed') fail('ERR_PLAN_DECIDED', { plan: plan.id, status });
}

/** @throws ERR_PLAN_STALE */
function assertFresh(plan: Plan, { view, clock }: ActParts): void {
  const stale = (why: string): never =>
    fail('ERR_PLAN_STALE', {
      plan: plan.id,
      why,
      base: formatGeneration(plan.base),
      current: formatGeneration(view.table.generation),
    });
  if (clock.realtimeMs() > plan.expiresAtMs) stale('it has expired');
  for (const batch of plan.batches) {
    const why = staleness(batch, plan, view);
    if (why !== undefined) stale(why);
  }
}
