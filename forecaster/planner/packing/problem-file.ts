import { z } from 'zod';
import { fail } from '../../../core/errors.js';

/**
 * The planning problem as a file: what others may compare planners with (docs/PROBLEMS.md). Everything by
 * name; units are the writer's own, the same for demand and capacity of a dimension.
 */

const nameSchema = z.string().min(1).max(128);
const loadSchema = z.number().min(0).max(1e15);
/** The same at each step, or one a step. */
const pathSchema = z.union([loadSchema, z.array(loadSchema).min(1)]);
const byDimension = <T extends z.ZodType>(value: T) => z.record(nameSchema, value);

const dimensionSchema = z.strictObject({
  name: nameSchema,
  transient: z
    .boolean()
    .default(false)
    .describe('A moved resource occupies its old server, too, until all moves are made.'),
  softWeight: loadSchema
    .nullable()
    .default(null)
    .describe(
      'What one unit above the soft capacity of a server costs, over all steps; null: 1 ÷ its capacity.',
    ),
});

const serverSchema = z.strictObject({
  name: nameSchema,
  capacity: byDimension(pathSchema).describe('A dimension that is absent is not limited.'),
  soft: byDimension(pathSchema)
    .default({})
    .describe('What it should not pass; default: the target’s share of its capacity.'),
  base: byDimension(pathSchema).default({}).describe('What it carries besides its resources.'),
  zones: z.record(nameSchema, nameSchema).default({}).describe('The zone by kind: rack, room.'),
  state: z
    .enum(['ready', 'draining', 'lost', 'spare'])
    .default('ready')
    .describe(
      'Draining: to be emptied. Lost: serves nothing. Spare: used only where others do not do.',
    ),
});

const resourceSchema = z.strictObject({
  name: nameSchema,
  server: nameSchema.nullable().describe('Null: to be placed.'),
  demand: byDimension(pathSchema).default({}),
  low: byDimension(pathSchema).optional().describe('The same if the load turns out low (P10).'),
  high: byDimension(pathSchema).optional().describe('The same if it turns out high (P90).'),
  last: byDimension(loadSchema).optional().describe('What was measured last.'),
  group: nameSchema.nullable().default(null),
  allowed: z.array(nameSchema).nullable().default(null).describe('Null: every server.'),
  pinned: nameSchema.nullable().default(null).describe('The only server that it may be on.'),
  fixed: z.boolean().default(false).describe('Not to be moved: it rests, or a move is under way.'),
  moveCost: loadSchema.default(1),
  sessions: loadSchema.default(0).describe('That it has: each makes its move dearer.'),
  inFlight: loadSchema.default(0).describe('Pieces of work under way for it: likewise.'),
  moveWeight: loadSchema.default(0).describe('Bytes, sessions: what `moves.weightMax` limits.'),
  movedMs: z
    .number()
    .nullable()
    .default(null)
    .describe('When it was moved last, epoch milliseconds: counts in what an hour may have.'),
});

const groupSchema = z.strictObject({
  name: nameSchema,
  apart: z.boolean().default(false).describe('No two of its resources on one server.'),
  spread: z
    .strictObject({ over: nameSchema, min: z.int().min(1) })
    .nullable()
    .default(null)
    .describe('In at least so many zones of this kind.'),
  needs: z
    .array(z.strictObject({ group: nameSchema, within: nameSchema }))
    .default([])
    .describe('Wherever it is, that group is in the same zone of this kind.'),
});

const movesSchema = z.strictObject({
  max: z.int().min(0).nullable().default(null),
  weightMax: loadSchema.nullable().default(null),
  perServerMax: z.int().min(0).nullable().default(null),
  weightPerServerMax: loadSchema.nullable().default(null),
  perHourMax: z
    .int()
    .min(0)
    .nullable()
    .default(null)
    .describe('With what was moved within the hour before `startMs`.'),
  weightPerHourMax: loadSchema.nullable().default(null),
  costWeight: loadSchema.default(1).describe('Of the sum of the `moveCost` of what moves.'),
  sessionWeight: loadSchema.default(0).describe('What a move costs for each session, besides.'),
  inFlightWeight: loadSchema
    .default(0)
    .describe('What a move costs for each piece of work under way, besides.'),
  busiestGroupWeight: loadSchema
    .default(0)
    .describe('Of the number of moves in the group that has most of them.'),
  distances: z
    .array(z.array(loadSchema))
    .nullable()
    .default(null)
    .describe('What a move costs besides, by source and target, in the order of the servers.'),
});

const objectiveSchema = z.strictObject({
  target: z
    .number()
    .min(0.01)
    .max(1)
    .default(0.8)
    .describe('Of a capacity, where `soft` is absent.'),
  evenWeight: loadSchema
    .default(0)
    .describe('What the squares of the utilizations cost, mean over the steps: evenness.'),
});

export const problemFileSchema = z.strictObject({
  format: z.literal('foreshift-problem/1'),
  steps: z.int().min(1).max(10_000).default(1),
  startMs: z.number().default(0).describe('When the first step begins, epoch milliseconds.'),
  stepMs: z.number().min(1).default(300_000),
  dimensions: z.array(dimensionSchema).min(1).max(64),
  servers: z.array(serverSchema).max(20_000),
  resources: z.array(resourceSchema).max(1_000_000),
  groups: z.array(groupSchema).default([]),
  moves: movesSchema.prefault({}),
  objective: objectiveSchema.prefault({}),
});

/** As it is written: what has a default may be left out. */
export type ProblemFileInput = z.input<typeof problemFileSchema>;
export type ProblemFile = Readonly<z.output<typeof problemFileSchema>>;

/**
 * @param where the file is, for the message
 * @throws ERR_PLANNING_INVALID — names the first place that does not follow the format
 */
export function parseProblemFile(value: unknown, where: string): ProblemFile {
  const parsed = problemFileSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const path = issue?.path.join('.') ?? '';
  const what = path === '' ? where : `${where}: ${path}`;
  return fail('ERR_PLANNING_INVALID', {
    what,
    why: issue?.message ?? 'it does not follow the format',
  });
}
