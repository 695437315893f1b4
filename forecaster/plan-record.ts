import type { Clock } from '../core/clock/port.js';
import type { Mode, ServerId } from '../core/domain.js';
import type { Batch, Plan, PlannedMove } from '../core/plan.js';
import { isNeeded } from '../core/plan.js';
import { Draft } from '../core/table-store/draft.js';
import type { Decision } from '../core/table-store/plans.js';
import { proposedPlans, recordPlan } from '../core/table-store/plans.js';
import type { TableStore } from '../core/table-store/port.js';
import type { PlanRecord } from '../core/table-store/records/plan.js';
import { PLAN } from '../core/table-store/records/plan.js';
import { stateOf } from '../core/table-store/server-state.js';
import { staleness } from '../core/table-store/staleness.js';
import type { TableView } from '../core/table-store/view.js';
import type { PlanningResult, Standbys } from './planner/inputs.js';
import type { Trigger } from './triggers.js';

/* From a planner's answer to a plan's record: what is approved at once, what waits, what is not recorded. */

export interface RecordParts {
  readonly store: TableStore;
  readonly view: TableView;
  readonly clock: Clock;
}

export interface RecordOptions {
  readonly mode: Mode;
  readonly planLifeMs: number;
  /** Another plan is approved or under way: what only makes things better waits for its end. */
  readonly isBusy: boolean;
}

/** Whose decision it is when nobody was asked. */
const SELF = 'foreshift';

/**
 * Records what is to be done. What is needed (first placements, evacuations, pins) is approved at once in every
 * mode, alone: the rest is planned anew once it is done. What only makes things better is approved in `auto`,
 * waits for an operator in `propose`, and is not recorded in `observe`. A waiting plan that says the same stays.
 * Undefined: nothing was recorded.
 */
export async function recordResult(
  { plan, standbys }: Pick<PlanningResult, 'plan' | 'standbys'>,
  trigger: Trigger,
  options: RecordOptions,
  parts: RecordParts,
): Promise<PlanRecord | undefined> {
  const batches = plan?.batches ?? [];
  const needed = batches.filter((batch) =>
    isNeeded(batch, (server) => stateOf(parts.view, server)),
  );
  if (needed.length > 0 || batches.length === 0) {
    // The plan under way brings standbys of its own.
    const isIdle = options.isBusy || Object.keys(standbys).length === 0;
    if (needed.length === 0 && isIdle) return undefined;
    const decision = { by: SELF, reason: needed.length > 0 ? 'it is needed' : 'standbys only' };
    const analysis = needed.length === batches.length ? (plan?.analysis ?? null) : null;
    return write({ batches: needed, standbys, analysis }, trigger, decision, options, parts);
  }
  if (options.mode === 'observe' || options.isBusy) return undefined;
  const waiting = proposedPlans(parts.view).find((record) => saysTheSame(record, batches, parts));
  if (waiting !== undefined && options.mode === 'propose') return waiting;
  const decision = options.mode === 'auto' ? { by: SELF, reason: 'mode auto' } : undefined;
  const analysis = plan?.analysis ?? null;
  return write({ batches, standbys, analysis }, trigger, decision, options, parts);
}

/** Records where what lost servers had is to go: approved at once, in every mode and beside any plan. */
export function recordRescue(
  batches: readonly Batch[],
  trigger: Trigger,
  options: Pick<RecordOptions, 'planLifeMs'>,
  parts: RecordParts,
): Promise<PlanRecord> {
  const decision = { by: SELF, reason: 'it is needed' };
  return write({ batches, standbys: {}, analysis: null }, trigger, decision, options, parts);
}

/** Plans that waited for a decision longer than they live. */
export async function expireProposals({ store, view, clock }: RecordParts): Promise<void> {
  const nowMs = clock.realtimeMs();
  const draft = new Draft();
  for (const record of proposedPlans(view)) {
    const { plan } = record;
    if (plan.expiresAtMs >= nowMs) continue;
    const expired = { ...record, status: 'expired', finishedAtMs: nowMs } as const;
    draft.expect(view, PLAN, plan.id).put(PLAN, plan.id, expired);
  }
  if (draft.transaction.writes.length === 0) return;
  await store.transact(draft.transaction);
  await view.sync();
}

function write(
  {
    batches,
    standbys,
    analysis,
  }: {
    readonly batches: readonly Batch[];
    readonly standbys: Standbys;
    readonly analysis: Plan['analysis'];
  },
  trigger: Trigger,
  decision: Decision | undefined,
  { planLifeMs }: Pick<RecordOptions, 'planLifeMs'>,
  parts: RecordParts,
): Promise<PlanRecord> {
  const { view, clock } = parts;
  const nowMs = clock.realtimeMs();
  return recordPlan(
    {
      trigger,
      madeAtMs: nowMs,
      expiresAtMs: nowMs + planLifeMs,
      base: view.table.generation,
      states: statesIn(batches, view),
      batches: [...batches],
      standbys,
      analysis,
    },
    decision,
    parts,
  );
}

function statesIn(batches: readonly Batch[], view: TableView): Plan['states'] {
  const servers = new Set(
    batches.flatMap(({ moves }) =>
      moves.flatMap(({ source, target }) => (source === null ? [target] : [source, target])),
    ),
  );
  const states: Record<ServerId, Plan['states'][ServerId]> = {};
  for (const server of servers) {
    const state = stateOf(view, server);
    if (state !== 'unknown') states[server] = state;
  }
  return states;
}

function saysTheSame(
  { plan }: PlanRecord,
  batches: readonly Batch[],
  { view, clock }: RecordParts,
): boolean {
  if (plan.expiresAtMs <= clock.realtimeMs()) return false;
  if (plan.batches.some((batch) => staleness(batch, plan, view) !== undefined)) return false;
  return movesText(plan.batches) === movesText(batches);
}

function movesText(batches: readonly Batch[]): string {
  const text = ({ resource, target }: PlannedMove): string => `${resource}>${target}`;
  return batches
    .flatMap(({ moves }) => moves.map(text))
    .sort()
    .join();
}
