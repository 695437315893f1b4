import type { Clock } from '../clock/port.js';
import type { PlanId } from '../domain.js';
import { planId } from '../domain.js';
import { fail } from '../errors.js';
import type { Plan } from '../plan.js';
import { audited } from './audit.js';
import { Draft } from './draft.js';
import type { TableStore } from './port.js';
import type { PlanRecord } from './records/plan.js';
import { PLAN } from './records/plan.js';
import type { TableView } from './view.js';

/* Plans as records: made by the forecaster or an operator, decided on, carried out by the coordinator. */

export interface PlanParts {
  readonly store: TableStore;
  readonly view: TableView;
  readonly clock: Clock;
}

/** Who decided, and in what words. */
export interface Decision {
  readonly by: string;
  readonly reason: string;
  /** Not applied before; null: at once. */
  readonly startAtMs?: number | null;
  /** Written into the audit with it, where a person decided. */
  readonly audit?: { readonly what: string; readonly detail: string };
}

/** Ended plans beyond this number are forgotten, the oldest first. */
const KEPT_MAX = 200;

/**
 * Records a plan under the next number. With a decision it is approved, otherwise it waits for one; plans
 * that still wait give way to it.
 * @throws ERR_STORE_UNAVAILABLE, ERR_STORE_AMBIGUOUS, ERR_CONFLICT
 */
export async function recordPlan(
  plan: Omit<Plan, 'id'>,
  decision: Decision | undefined,
  parts: PlanParts,
): Promise<PlanRecord> {
  const { store, view, clock } = parts;
  await view.sync();
  const id = planId(String(nextPlanNumber(view)));
  const record: PlanRecord = {
    plan: { ...plan, id },
    status: decision === undefined ? 'proposed' : 'approved',
    by: decision?.by ?? null,
    reason: decision?.reason ?? '',
    decidedAtMs: decision === undefined ? null : clock.realtimeMs(),
    startAtMs: decision?.startAtMs ?? null,
    outcomes: [],
    finishedAtMs: null,
  };
  const draft = new Draft().expect(view, PLAN, id).put(PLAN, id, record);
  for (const waiting of proposedPlans(view)) {
    const superseded = {
      ...waiting,
      status: 'superseded',
      finishedAtMs: clock.realtimeMs(),
    } as const;
    draft.expect(view, PLAN, waiting.plan.id).put(PLAN, waiting.plan.id, superseded);
  }
  for (const old of forgettable(view)) draft.remove(PLAN, old);
  if (decision?.audit !== undefined) {
    audited(draft, { who: decision.by, ...decision.audit }, parts);
  }
  const { committed } = await store.transact(draft.transaction);
  await view.sync();
  return committed ? record : fail('ERR_CONFLICT', { what: `plan ${id}` });
}

/** The plans that wait for a decision, newest first. */
export function proposedPlans(view: TableView): PlanRecord[] {
  return [...view.all(PLAN).values()]
    .map(({ value }) => value)
    .filter(({ status }) => status === 'proposed')
    .sort((a, b) => b.plan.madeAtMs - a.plan.madeAtMs);
}

/** The next number for a plan: they are counted, so that people can name them. */
export function nextPlanNumber(view: TableView): number {
  let highest = 0;
  for (const id of view.all(PLAN).keys()) {
    const number = Number(id);
    if (Number.isSafeInteger(number) && number > highest) highest = number;
  }
  return highest + 1;
}

function forgettable(view: TableView): PlanId[] {
  const ended = [...view.all(PLAN)]
    .filter(([, { value }]) => value.finishedAtMs !== null)
    .sort(([, a], [, b]) => (b.value.finishedAtMs ?? 0) - (a.value.finishedAtMs ?? 0));
  return ended.slice(KEPT_MAX).map(([id]) => id);
}
