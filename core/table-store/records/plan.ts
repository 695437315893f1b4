import { z } from 'zod';
import { MODES } from '../../domain.js';
import type { PlanId } from '../../domain.js';
import { planSchema, roundSchema } from '../../plan.js';
import type { RoundResult } from '../../plan.js';
import { countSchema, finiteSchema, generationSchema, resourceIdSchema } from '../../schema.js';
import { RecordKind } from './kind.js';

/** How a plan may end. */
export const PLAN_ENDS = [
  /** Ended: every batch, some, none of them switched. */
  'applied',
  'partly-applied',
  'failed',
  /** Never begun: an operator said no, it became too old, the facts changed, a newer one took its place. */
  'rejected',
  'expired',
  'stale',
  'superseded',
] as const;
export const PLAN_STATUSES = [
  /** Waits for an operator. */
  'proposed',
  /** Waits for the coordinator, or for its time. */
  'approved',
  'applying',
  ...PLAN_ENDS,
] as const;
export type PlanStatus = (typeof PLAN_STATUSES)[number];

const batchOutcomeSchema = z.object({
  batch: countSchema,
  result: z.enum(['applied', 'given-back', 'aborted', 'left-out', 'stale']),
  why: z.string().max(400),
  attempts: countSchema,
  resources: z.array(resourceIdSchema),
  /** Committed; null if nothing was. */
  generation: generationSchema.nullable(),
  atMs: finiteSchema,
  drainMs: finiteSchema,
  holdMs: finiteSchema,
  heldRequests: countSchema,
  failedRequests: countSchema,
});
export type BatchOutcome = Readonly<z.output<typeof batchOutcomeSchema>>;

const planRecordSchema = z.object({
  plan: planSchema,
  status: z.enum(PLAN_STATUSES),
  /** Who decided on it last (approved or rejected it), and in what words. */
  by: z.string().max(128).nullable(),
  reason: z.string().max(400),
  decidedAtMs: finiteSchema.nullable(),
  /** Not before this; null: at once. */
  startAtMs: finiteSchema.nullable(),
  outcomes: z.array(batchOutcomeSchema),
  finishedAtMs: finiteSchema.nullable(),
});
export type PlanRecord = Readonly<z.output<typeof planRecordSchema>>;
export const PLAN = new RecordKind<PlanRecord, PlanId>('plan', planRecordSchema);

/** What the last round found. */
export const ROUND = new RecordKind<RoundResult, 'last'>('round', roundSchema);

export const modeSchema = z.object({
  mode: z.enum(MODES),
  by: z.string().max(128),
  sinceMs: finiteSchema,
  /** Why `auto` became `propose` by itself, in one sentence: the forecast's score was bad. Null: somebody set it. */
  fellBack: z.string().max(400).nullable().default(null),
});
export type ModeRecord = Readonly<z.output<typeof modeSchema>>;
/** Overrides the config's mode. */
export const MODE = new RecordKind<ModeRecord, 'current'>('mode', modeSchema);

export const pauseSchema = z.object({
  by: z.string().max(128),
  reason: z.string().max(400),
  sinceMs: finiteSchema,
});
export type PauseRecord = Readonly<z.output<typeof pauseSchema>>;
/** Present: no plan is made or applied; failover and first placement go on. */
export const PAUSE = new RecordKind<PauseRecord, 'current'>('pause', pauseSchema);

const auditSchema = z.object({
  atMs: finiteSchema,
  who: z.string().max(128),
  what: z.string().max(64),
  /** Names and values before and after, for a person. */
  detail: z.string().max(1000),
});
export type AuditRecord = Readonly<z.output<typeof auditSchema>>;
/** Every change that somebody asked for; ids are numbers that grow, the oldest are dropped. */
export const AUDIT = new RecordKind<AuditRecord>('audit', auditSchema);
