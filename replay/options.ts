import { z } from 'zod';
import { configSchema } from '../core/config/schema.js';
import { DIMENSIONS } from '../core/domain.js';
import { fail } from '../core/errors.js';
import { clip } from '../core/text.js';

/** The policies that a trace can be replayed with (docs/REPLAY.md says what each does). */
export const POLICY_NAMES = [
  'static',
  'static-p95',
  'reactive-50',
  'reactive-search',
  'foreshift',
  'oracle',
] as const;
export type PolicyName = (typeof POLICY_NAMES)[number];

const ALIASES: Readonly<Record<string, PolicyName>> = {
  none: 'static',
  reactive: 'reactive-50',
};

const policySchema = z
  .string()
  .transform((name) => ALIASES[name] ?? name)
  .pipe(z.enum(POLICY_NAMES, { error: `not one of ${POLICY_NAMES.join(', ')}` }));

/** Of the stand-ins for redirectors and agents: how long the parts of a switch take. */
const switchTimesSchema = z.strictObject({
  drainMs: z.number().min(1).max(60_000).default(800).describe('Work under way ends: median.'),
  takeMs: z
    .number()
    .min(1)
    .max(60_000)
    .default(40)
    .describe('To release, to take, to attach: each.'),
});

/** Keys of the config's `planner`, by the config's own rules. */
const plannerSchema = z
  .record(z.string(), z.json())
  .superRefine((planner, context) => {
    const { error } = configSchema.safeParse({ planner });
    const [issue] = error?.issues ?? [];
    if (issue === undefined) return;
    const path = issue.code === 'unrecognized_keys' ? issue.keys : issue.path.slice(1);
    context.addIssue({ code: 'custom', path: path.slice(0, 1), message: issue.message });
  })
  .default({});

export const replayOptionsSchema = z.strictObject({
  policies: z
    .array(policySchema)
    .min(1)
    .max(POLICY_NAMES.length)
    .refine((names) => new Set(names).size === names.length, 'names a policy twice')
    .default(['static', 'reactive-50', 'foreshift', 'oracle']),
  dimension: z.enum(DIMENSIONS).optional().describe('Default: the first that the trace has.'),
  servers: z.int().min(2).max(1000).default(8).describe('Equal servers.'),
  capacity: z
    .number()
    .positive()
    .optional()
    .describe(
      'Of one server, in the unit of the trace. Default: sized to the trace, at 75 % of P99.',
    ),
  warmDays: z
    .number()
    .positive()
    .max(400)
    .optional()
    .describe('History before the first decision. Default: 7, at most half of the trace.'),
  decisionSteps: z
    .int()
    .min(1)
    .max(10_000)
    .optional()
    .describe('Steps between decisions. Default: as many as 30 minutes have.'),
  horizonSteps: z.int().min(1).max(288).default(12),
  movesMax: z
    .int()
    .min(1)
    .max(10_000)
    .optional()
    .describe('Of one decision. Default: 5 % of the resources, at least 2.'),
  seed: z.int().min(0).max(0xffff_ffff).default(1),
  switch: switchTimesSchema.prefault({}),
  triggers: z
    .boolean()
    .default(true)
    .describe('foreshift also decides when its threshold trigger says so, not by schedule alone.'),
  planner: plannerSchema.describe("In place of the config's defaults."),
});

export type ReplayOptions = Readonly<z.output<typeof replayOptionsSchema>>;
export type ReplayInput = z.input<typeof replayOptionsSchema>;

/** @throws ERR_REPLAY_OPTION — with the option, what is wrong, and what is allowed */
export function parseReplayOptions(input: unknown): ReplayOptions {
  const parsed = replayOptionsSchema.safeParse(input);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const path = issue?.code === 'unrecognized_keys' ? issue.keys.slice(0, 1) : (issue?.path ?? []);
  const option = clip(path.map(String).join('.')) || 'options';
  return fail('ERR_REPLAY_OPTION', { option, what: clip(issue?.message ?? 'not allowed') });
}
