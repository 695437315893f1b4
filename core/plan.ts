import { z } from 'zod';
import type { ServerId } from './domain.js';
import { DIMENSIONS, SERVER_STATES } from './domain.js';
import { forecastScoreSchema } from './forecast-score.js';
import { METRICS } from './sample.js';
import {
  countSchema,
  finiteSchema,
  generationSchema,
  planIdSchema,
  resourceIdSchema,
  serverIdSchema,
} from './schema.js';

/** What a planner hands on: a few moves, each with its reason, and how good they are. */

export const TRIGGER_KINDS = [
  'schedule',
  'rebalance',
  'threshold',
  'forecast',
  'event',
  'operator',
] as const;
export type TriggerKind = (typeof TRIGGER_KINDS)[number];

/** Why a move is made. `words.ts` turns one into a sentence. */
export const REASON_KINDS = [
  /** A server would pass a limit (or has); this takes load off it. */
  'overload',
  /** No limit is in danger; the servers become more even. */
  'imbalance',
  /** Gives way, so that another move of the plan fits. */
  'room',
  /** The source is draining, in maintenance, or may no longer serve the resource. */
  'drain',
  /** The resource has no server yet. */
  'place',
  /** The source serves another of its group, which is to be apart; or would, with the plan. */
  'apart',
  /** Its group is in too few zones, or would be. */
  'spread',
  /** In some zone its group, or one that needs it, would lack the company of another. */
  'company',
  /** The source is lost. */
  'lost',
  /** An operator pinned the resource to the target. */
  'pin',
  /** Takes back a move of an earlier plan. */
  'rollback',
] as const;

const reasonSchema = z.object({
  kind: z.enum(REASON_KINDS),
  /** The server and dimension whose limit is at stake; null where none is. */
  server: serverIdSchema.nullable(),
  dimension: z.enum(DIMENSIONS).nullable(),
  /** When the limit would be passed, epoch milliseconds. */
  atMs: finiteSchema.nullable(),
  /**
   * Utilization of that server at that time, 1 = its capacity: without the plan (for `room`: with the plan
   * but for this move), with the plan, allowed.
   */
  before: finiteSchema.nullable(),
  after: finiteSchema.nullable(),
  limit: finiteSchema.nullable(),
});
export type Reason = Readonly<z.output<typeof reasonSchema>>;

export const moveSchema = z.object({
  resource: resourceIdSchema,
  /** Null: the resource is not assigned yet. */
  source: serverIdSchema.nullable(),
  target: serverIdSchema,
  /** The generation that gave the resource to its source: a plan made on another is stale. */
  since: generationSchema.nullable(),
});
export type Move = Readonly<z.output<typeof moveSchema>>;

const startWindowSchema = z.object({
  /** It may start now. */
  fromMs: finiteSchema,
  /** Then its source would pass a limit, or the horizon ends: it should have been made. */
  untilMs: finiteSchema,
  /** When the resource needs least in that time: fewest requests wait for the switch. */
  cheapestMs: finiteSchema,
});
/** When a move should start, epoch milliseconds. */
export type StartWindow = Readonly<z.output<typeof startWindowSchema>>;

const plannedMoveSchema = moveSchema.extend({
  reason: reasonSchema,
  /** Predicted peak of the resource over the horizon, by dimension, in the dimension's unit. */
  demand: z.partialRecord(z.enum(DIMENSIONS), finiteSchema),
  /** Absent: at once. */
  window: startWindowSchema.optional(),
});
export type PlannedMove = Readonly<z.output<typeof plannedMoveSchema>>;

/**
 * How good an assignment is over the horizon. Lower is better, in this order: misplaced, faults,
 * overload, pressure, unevenness. Sums run over servers, dimensions and steps.
 */
export const planScoreSchema = z.object({
  /** Resources without a server, on one that they must leave, or off their pin. */
  misplaced: countSchema,
  /** Rules of groups that are broken: each resource beyond the first on a server, each zone too few. */
  faults: countSchema.default(0),
  /** Σ max(0, utilization − 1), in utilization × steps: predicted overload. */
  overload: finiteSchema,
  /** Σ max(0, utilization − target)², mean over the steps. */
  pressure: finiteSchema,
  /** Σ over the ready servers of the square of their overall load: the largest of their utilizations, each the mean over the horizon. */
  unevenness: finiteSchema,
  /** Highest utilization of any server in any dimension at any step. */
  peak: finiteSchema,
  /** Max ÷ mean of the ready servers' overall loads; 1 is even. */
  imbalance: finiteSchema,
});
export type PlanScore = Readonly<z.output<typeof planScoreSchema>>;

/** If nothing is done, and with the plan. */
const scorePairSchema = z.object({ nothing: planScoreSchema, plan: planScoreSchema });
export type ScorePair = Readonly<z.output<typeof scorePairSchema>>;

const outlookSchema = z.object({
  server: serverIdSchema,
  dimension: z.enum(DIMENSIONS),
  /** Utilization now, and the peak over the horizon without and with the plan. */
  now: finiteSchema,
  nothing: finiteSchema,
  plan: finiteSchema,
  /** When the peak without the plan comes, epoch milliseconds. */
  peakAtMs: finiteSchema,
});
export type Outlook = Readonly<z.output<typeof outlookSchema>>;

/** What stands in the way of a better assignment: gone, it would be possible. */
const blockerSchema = z.object({
  kind: z.enum([
    'capacity',
    'pin',
    'eligibility',
    'cooldown',
    'group',
    'headroom',
    'moves-limit',
    'server-moves-limit',
    'hourly-moves-limit',
    'bytes-limit',
    'server-state',
  ]),
  resource: resourceIdSchema.nullable(),
  server: serverIdSchema.nullable(),
  /** For `headroom`, if it is a whole zone that the others could not do without. */
  zone: z.string().nullable().default(null),
  dimension: z.enum(DIMENSIONS).nullable(),
  /**
   * How much more is needed: servers for `capacity` (with a resource: of one server, for it alone), moves for
   * the limits of moves, bytes for theirs. For `headroom`: servers that would hold what is left over; null: no other may serve the
   * resource. Otherwise null.
   */
  amount: finiteSchema.nullable(),
});
export type Blocker = Readonly<z.output<typeof blockerSchema>>;

const analysisSchema = z.object({
  horizonMs: finiteSchema,
  /** Of demand, that the plan was made for. */
  quantile: finiteSchema,
  /** Utilization that it keeps below. */
  target: finiteSchema,
  score: scorePairSchema,
  /** The same if the load turns out as the low, the high quantile, or stays as it is (`last.nothing`: the present). */
  worlds: z.object({ low: scorePairSchema, high: scorePairSchema, last: scorePairSchema }),
  /** No assignment of any number of moves has a lower peak than this; `gap` = peak of the plan − bound. */
  bound: finiteSchema,
  gap: finiteSchema,
  /** Of the servers that the plan changes and of the fullest. */
  outlook: z.array(outlookSchema),
  /** Why the plan does not do more, smallest first; empty if nothing is left to be wished. */
  blockers: z.array(blockerSchema),
  /** `work` or `time`: better moves may exist, the search was ended. */
  stopped: z.enum(['complete', 'work', 'time']),
});
export type PlanAnalysis = Readonly<z.output<typeof analysisSchema>>;

export const planSchema = z.object({
  id: planIdSchema,
  trigger: z.object({ kind: z.enum(TRIGGER_KINDS), detail: z.string().max(400) }),
  madeAtMs: finiteSchema,
  /** Not applied later than this. */
  expiresAtMs: finiteSchema,
  /** The table that it was made on. */
  base: generationSchema,
  /** The states of the servers in it when it was made; `lost` for one that was. */
  states: z.record(serverIdSchema, z.enum([...SERVER_STATES, 'lost'])),
  /** Switched one after the other; the moves of one batch switch as one. None: only the standbys change. */
  batches: z.array(z.object({ moves: z.array(plannedMoveSchema).min(1) })),
  /** Where each resource goes if its server is lost: those that change. Null: the one it has may not serve it. */
  standbys: z.record(resourceIdSchema, serverIdSchema.nullable()),
  /** How good it is; null for a plan that no planner made (a failover by standbys, a rollback). */
  analysis: analysisSchema.nullable(),
});
export type Plan = Readonly<z.output<typeof planSchema>>;
export type Batch = Plan['batches'][number];

/** Needs no approval and knows no pause, whatever the mode. */
const NEEDED_KINDS: ReadonlySet<PlannedMove['reason']['kind']> = new Set([
  'place',
  'lost',
  'pin',
  'rollback',
]);
/** An operator, or a failure, wants nothing to stay on such a server. */
const LEFT_STATES: ReadonlySet<string> = new Set(['draining', 'maintenance', 'lost']);

/**
 * Whether a batch is to be switched without anybody's approval: it places what has no server, takes something
 * off a server that it must leave, or does what an operator asked for. A server that may merely no longer serve
 * a resource, by its announcements, goes on serving it until an operator or `auto` decides.
 */
export function isNeeded(batch: Batch, stateOf: (server: ServerId) => string): boolean {
  return batch.moves.some(
    ({ reason, source }) =>
      NEEDED_KINDS.has(reason.kind) ||
      (reason.kind === 'drain' && source !== null && LEFT_STATES.has(stateOf(source))),
  );
}

/** A round that ends without a plan says which of these it was. */
export const NO_PLAN_REASONS = [
  'balanced',
  'blocked',
  'gain-too-small',
  'learning',
  'paused',
  /** Of most servers nothing was measured lately: what they carry now is not known. */
  'unmeasured',
  'no-servers',
  /** The mode is `observe`: what would be moved is not even proposed. */
  'observing',
  /** Another plan is under way: the next round plans anew, from what it made. */
  'busy',
] as const;

const noPlanSchema = z.object({
  why: z.enum(NO_PLAN_REASONS),
  /** What stands in the way, smallest first; empty unless blocked. */
  blockers: z.array(blockerSchema),
  score: planScoreSchema.nullable(),
  /**
   * For `gain-too-small`: the most that a move could win and what one must win, as the share of one server's
   * capacity by which it would be relieved over the whole horizon.
   */
  gain: finiteSchema.nullable(),
  gainMin: finiteSchema.nullable(),
  /** For `learning`: steps of history there are and are needed. For `unmeasured`: so many are empty at least. */
  steps: countSchema.nullable(),
  stepsMin: countSchema.nullable(),
});
export type NoPlan = Readonly<z.output<typeof noPlanSchema>>;

/** A metric whose forecast the fleet does not bear out. */
const disprovedSchema = z.object({
  metric: z.enum(METRICS),
  /** So many times what was said is counted with; null: it is expected to stay as it is. */
  factor: finiteSchema.nullable(),
});
export type Disproved = Readonly<z.output<typeof disprovedSchema>>;

/** What the last round found: a plan, or why there is none. */
export const roundSchema = z.object({
  atMs: finiteSchema,
  trigger: planSchema.shape.trigger,
  plan: planIdSchema.nullable(),
  none: noPlanSchema.nullable(),
  /** How good the forecasts turned out by then; absent: an earlier version held the round. */
  score: forecastScoreSchema.optional(),
  /** What was not believed of the forecast; absent: an earlier version held the round. */
  disproved: z.array(disprovedSchema).optional(),
});
export type RoundResult = Readonly<z.output<typeof roundSchema>>;
