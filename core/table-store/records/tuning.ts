import { z } from 'zod';
import { DIMENSIONS } from '../../domain.js';
import { countSchema, finiteSchema } from '../../schema.js';
import { RecordKind } from './kind.js';

/** Of a part of the history: what the fleet would have gone through. */
const figuresSchema = z.object({
  overloadMinutesPerServerDay: finiteSchema,
  movesPerResourceDay: finiteSchema,
});

const trialSchema = z.object({
  quantile: finiteSchema,
  /** In the earlier part, by which the choice was made. */
  choosing: figuresSchema,
  /** In the later part, which had no say in it. */
  judging: figuresSchema,
});

/** How a tuning ended. */
export const TUNING_VERDICTS = [
  /** Another quantile was clearly better in both parts: it is the policy now. */
  'changed',
  /** The same, but the config pins the quantile. */
  'advised',
  /** None was clearly better than the one in force. */
  'kept',
  /** There is too little history to judge by. */
  'learning',
  /** The fleet is too large for the time that a tuning may take. */
  'too-large',
] as const;

export const tuningSchema = z.object({
  /** What the planner plans for, unless the config says so itself. */
  quantile: z.number().min(0.5).max(0.99),
  /** When it was chosen; null: it is the default. */
  sinceMs: finiteSchema.nullable(),
  /** The last tuning. */
  atMs: finiteSchema,
  verdict: z.enum(TUNING_VERDICTS),
  /** What was in force then, and what was found to be best: the policy from then on, unless the config pins it. */
  before: finiteSchema,
  chosen: finiteSchema,
  /** Null: nothing was tried. */
  history: z
    .object({
      dimension: z.enum(DIMENSIONS),
      servers: countSchema,
      resources: countSchema,
      /** First step after the warm-up, first of the later part, end. */
      fromMs: finiteSchema,
      judgedFromMs: finiteSchema,
      toMs: finiteSchema,
    })
    .nullable(),
  trials: z.array(trialSchema).max(32),
});
export type TuningRecord = Readonly<z.output<typeof tuningSchema>>;

/** The planner's policy as the `tune` job found it on the fleet's own history. */
export const TUNING = new RecordKind<TuningRecord, 'planner'>('tuning', tuningSchema);
