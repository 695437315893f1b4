import type { Clock } from '../core/clock/port.js';
import type { Config } from '../core/config/schema.js';
import type { Mode, ServerId } from '../core/domain.js';
import { planId } from '../core/domain.js';
import { fail } from '../core/errors.js';
import type { Batch, Plan, PlannedMove } from '../core/plan.js';
import { isNeeded } from '../core/plan.js';
import { Draft } from '../core/table-store/draft.js';
import type { Decision } from '../core/table-store/plans.js';
import { nextPlanNumber, proposedPlans, recordPlan } from '../core/table-store/plans.js';
import type { TableStore } from '../core/table-store/port.js';
import type { PlanRecord } from '../core/table-store/records/plan.js';
import { PLAN } from '../core/table-store/records/plan.js';
import { stateOf } from '../core/table-store/server-state.js';
import { staleness } from '../core/table-store/staleness.js';
import type { TableView } from '../core/table-store/view.js';
import type { PlanningResult, Standbys } from './planner/inputs.js';
import { SELF, ownScheduled } from './planner/scheduled.js';
import { namesOnlyStandbys } from './planner/under-way.js';
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
  /** The same of one that waits for an operator. */
  readonly proposalLifeMs: number;
  /** Another plan is approved or under way: what only makes things better waits for its end. */
  readonly isBusy: boolean;
  /** In `auto`: in the round that planned it, or when it is cheapest. */
  readonly moveAt: Config['planner']['moveAt'];
  /** Between two rounds. */
  readonly everyMs: number;
}

/**
 * Records what is to be done. What is needed (first placements, evacuations, pins) is approved at once in every
 * mode, alone: the rest is planned anew once it is done. What only makes things better is approved in `auto`, for the time
 * when it is cheapest; waits for an operator in `propose`; and is not recorded in `observe`. A waiting plan that says the
 * same stays; one that we scheduled ourselves and that is not what is to be done any more gives way. As long as nothing better
 * is carried out, what stands has the standbys for where it stands.
 * Undefined: nothing was recorded.
 */
export async function recordResult(
  { plan, standbys, standing }: Pick<PlanningResult, 'plan' | 'standbys' | 'standing'>,
  trigger: Trigger,
  options: RecordOptions,
  parts: RecordParts,
): Promise<PlanRecord | undefined> {
  const batches = plan?.batches ?? [];
  const needed = batches.filter((batch) =>
    isNeeded(batch, (server) => stateOf(parts.view, server)),
  );
  const due = dueOf(batches, options, parts.clock.realtimeMs());
  const mayKeep = needed.length === 0 && options.mode === 'auto' && !options.isBusy;
  const kept = mayKeep ? scheduledFor(batches, due, parts) : undefined;
  const stay = (): Promise<PlanRecord | undefined> =>
    options.isBusy
      ? Promise.resolve(undefined) // The plan under way brings standbys of its own.
      : recordStandbys(standing, trigger, options, parts);
  if (kept !== undefined) {
    await stay();
    return kept;
  }
  if (!(await withdrawScheduled(parts))) return undefined;
  const analysis = plan?.analysis ?? null;
  if (needed.length > 0) {
    const decision = { by: SELF, reason: 'it is needed' };
    const whole = needed.length === batches.length ? analysis : null;
    const wanted = { batches: needed, standbys: standing, analysis: whole };
    return write(wanted, trigger, decision, options, parts);
  }
  if (batches.length === 0 || options.mode === 'observe' || options.isBusy) return stay();
  if (options.mode === 'auto') {
    const { startAtMs } = due;
    const isWhole = due.batches.length === batches.length;
    if (!isWhole || startAtMs !== null) await stay();
    const reason = startAtMs === null ? 'mode auto' : 'mode auto, when it is cheapest';
    const wanted = isWhole
      ? { batches, standbys, analysis }
      : { batches: due.batches, standbys: ofMoved(due.batches, standbys), analysis: null };
    return write(wanted, trigger, { by: SELF, reason, startAtMs }, options, parts);
  }
  await stay();
  const waiting = proposedPlans(parts.view).find((record) => saysTheSame(record, batches, parts));
  if (waiting !== undefined) return waiting;
  const proposal = { planLifeMs: options.proposalLifeMs };
  return write({ batches, standbys, analysis }, trigger, undefined, proposal, parts);
}

/** Of what these move: the others' are for a plan that is carried out whole. */
function ofMoved(batches: readonly Batch[], standbys: Standbys): Standbys {
  const moved = new Set<string>(
    batches.flatMap(({ moves }) => moves.map(({ resource }) => resource)),
  );
  return Object.fromEntries(Object.entries(standbys).filter(([resource]) => moved.has(resource)));
}

/**
 * Records that these standbys are to be stored: beside whatever waits, since nothing is moved. Those that were recorded before are
 * forgotten, or in a full fleet, where they change each round, they would take the place of plans in the history.
 */
async function recordStandbys(
  standbys: Standbys,
  trigger: Trigger,
  options: Pick<RecordOptions, 'planLifeMs'>,
  parts: RecordParts,
): Promise<PlanRecord | undefined> {
  const { store, view, clock } = parts;
  const former = [...view.all(PLAN)].filter(([, { value }]) => namesOnlyStandbys(value));
  // The next round sees what is stored by then.
  const isUnderWay = former.some(([, { value }]) => value.finishedAtMs === null);
  if (isUnderWay || Object.keys(standbys).length === 0) return undefined;
  const id = planId(String(nextPlanNumber(view)));
  const record: PlanRecord = {
    plan: { id, ...planOf({ batches: [], standbys, analysis: null }, trigger, options, parts) },
    status: 'approved',
    by: SELF,
    reason: 'standbys only',
    decidedAtMs: clock.realtimeMs(),
    startAtMs: null,
    outcomes: [],
    finishedAtMs: null,
  };
  const draft = new Draft().expect(view, PLAN, id).put(PLAN, id, record);
  for (const [old] of former) draft.remove(PLAN, old);
  const { committed } = await store.transact(draft.transaction);
  await view.sync();
  return committed ? record : fail('ERR_CONFLICT', { what: `plan ${id}` });
}

/** What is to be done next, and when. */
interface Due {
  readonly batches: readonly Batch[];
  /** Null: at once. */
  readonly startAtMs: number | null;
}

/** A batch does not wait for a cheaper moment if the limit would be passed before so many rounds are over. */
const ROUNDS_LEFT_MIN = 2;

/**
 * The batches whose time is the nearest, and those that go before them since each rests on the former; the rest is planned
 * anew after them.
 */
function dueOf(
  batches: readonly Batch[],
  { moveAt, everyMs }: Pick<RecordOptions, 'moveAt' | 'everyMs'>,
  nowMs: number,
): Due {
  if (moveAt === 'once' || batches.length === 0) return { batches, startAtMs: null };
  const startOf = ({ window }: PlannedMove): number => {
    if (window === undefined || window.untilMs - ROUNDS_LEFT_MIN * everyMs <= nowMs) return nowMs;
    return Math.max(nowMs, window.cheapestMs);
  };
  const starts = batches.map(({ moves }) => Math.min(...moves.map(startOf)));
  const first = Math.min(...starts);
  const last = starts.findLastIndex((startMs) => startMs < first + everyMs);
  return { batches: batches.slice(0, last + 1), startAtMs: first > nowMs ? first : null };
}

/**
 * A plan of ours that waits for its time, is still wanted whole, and begins no later than anything would: as the horizon goes
 * on, it does not recede, and what is wanted besides is planned after it.
 */
function scheduledFor(
  batches: readonly Batch[],
  { startAtMs }: Due,
  parts: RecordParts,
): PlanRecord | undefined {
  if (startAtMs === null) return undefined;
  const wanted = new Set(movesIn(batches));
  return ownScheduled(parts.view, parts.clock.realtimeMs()).find(
    (record) =>
      (record.startAtMs ?? 0) <= startAtMs &&
      isFresh(record, parts) &&
      movesIn(record.plan.batches).every((move) => wanted.has(move)),
  );
}

/** False: one has begun meanwhile, and the next round finds it under way. */
async function withdrawScheduled({ store, view, clock }: RecordParts): Promise<boolean> {
  const nowMs = clock.realtimeMs();
  const draft = new Draft();
  for (const record of ownScheduled(view, nowMs)) {
    const { id } = record.plan;
    const superseded = { ...record, status: 'superseded', finishedAtMs: nowMs } as const;
    draft.expect(view, PLAN, id).put(PLAN, id, superseded);
  }
  if (draft.transaction.writes.length === 0) return true;
  const { committed } = await store.transact(draft.transaction);
  await view.sync();
  return committed;
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

type Wanted = Pick<Plan, 'analysis'> & {
  readonly batches: readonly Batch[];
  readonly standbys: Standbys;
};

function write(
  wanted: Wanted,
  trigger: Trigger,
  decision: Decision | undefined,
  options: Pick<RecordOptions, 'planLifeMs'>,
  parts: RecordParts,
): Promise<PlanRecord> {
  const startAtMs = decision?.startAtMs ?? null;
  return recordPlan(planOf(wanted, trigger, { ...options, startAtMs }, parts), decision, parts);
}

function planOf(
  { batches, standbys, analysis }: Wanted,
  trigger: Trigger,
  {
    planLifeMs,
    startAtMs = null,
  }: Pick<RecordOptions, 'planLifeMs'> & { readonly startAtMs?: number | null },
  { view, clock }: RecordParts,
): Omit<Plan, 'id'> {
  const nowMs = clock.realtimeMs();
  return {
    trigger,
    madeAtMs: nowMs,
    expiresAtMs: (startAtMs ?? nowMs) + planLifeMs,
    base: view.table.generation,
    states: statesIn(batches, view),
    batches: [...batches],
    standbys,
    analysis,
  };
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

function saysTheSame(record: PlanRecord, batches: readonly Batch[], parts: RecordParts): boolean {
  return (
    isFresh(record, parts) &&
    movesIn(record.plan.batches).sort().join() === movesIn(batches).sort().join()
  );
}

function isFresh({ plan }: PlanRecord, { view, clock }: RecordParts): boolean {
  return (
    plan.expiresAtMs > clock.realtimeMs() &&
    plan.batches.every((batch) => staleness(batch, plan, view) === undefined)
  );
}

function movesIn(batches: readonly Batch[]): string[] {
  return batches.flatMap(({ moves }) =>
    moves.map(({ resource, target }) => `${resource}>${target}`),
  );
}
