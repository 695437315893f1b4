import { z } from 'zod';
import { timetableOf } from '../bus/timetable.js';
import { codeOf } from '../errors.js';
import { BACKENDS } from '../forecast.js';
import { messageOf } from '../text.js';
import { bytesSchema, globSchema, msSchema } from './units.js';
import { reloadable } from './reloadable.js';

/* Forecasts, plans, and when they are made. */

export const forecastSchema = z.strictObject({
  everyMs: reloadable(
    msSchema.default(300_000).describe('Between two rounds: forecast, then plan.'),
  ),
  stepMs: msSchema.min(100).default(300_000),
  horizonSteps: z.int().min(1).max(288).default(12),
  historySteps: z.int().min(24).max(50_000).default(2016),
  seasonMs: z
    .array(msSchema)
    .max(4)
    .default([3_600_000, 86_400_000, 604_800_000])
    .describe('Lengths of the seasons that the load may have.'),
  neural: z
    .enum(['on', 'off'])
    .default('on')
    .describe('Whether a neural network is one of the models; where it is no good it has no say.'),
  backend: z
    .enum(['auto', ...BACKENDS])
    .default('auto')
    .describe(
      'What computes it. native: the package @tensorflow/tfjs-node; wasm: anywhere; cpu: slow; auto: the first of them that works.',
    ),
  trainEveryMs: msSchema
    .default(86_400_000)
    .describe("Between two trainings of it on the fleet's own history."),
  minSteps: reloadable(
    z.int().min(3).default(24).describe('With less history nothing is planned: learning.'),
  ),
  silentSteps: reloadable(
    z
      .int()
      .min(1)
      .max(12)
      .default(3)
      .describe(
        'A server of which nothing was measured for so many steps is silent. While most are, nothing is moved for its load.',
      ),
  ),
});

const groupSchema = z.strictObject({
  name: z
    .string()
    .regex(/^[A-Za-z0-9._-]{1,64}$/, 'letters, digits, . _ -')
    .optional()
    .describe('What `needs` of others calls it.'),
  match: globSchema.describe('Resources by name; for each the first that matches counts.'),
  each: z
    .boolean()
    .default(false)
    .describe('Those that match are not one group: each text that the first * stands for has one.'),
  apart: z.boolean().default(false).describe('No two of it on one server.'),
  zonesMin: z
    .int()
    .min(1)
    .max(64)
    .default(1)
    .describe(
      'It is in at least so many zones, or one each. Servers without a zone are in one together.',
    ),
  needs: z
    .array(z.string())
    .max(16)
    .optional()
    .describe(
      'Names of others of this list: in each zone where any of it is, one of each of those is, too. Where both have `each`, that of the same text. What there is none of is not waited for.',
    ),
});

const groupsSchema = z
  .array(groupSchema)
  .max(1000)
  .superRefine((groups, context) => {
    const refuse = (at: number, key: string, message: string): void => {
      context.addIssue({ code: 'custom', path: [at, key], message });
    };
    for (const [at, { name, each, needs = [] }] of groups.entries()) {
      const isTwice = name !== undefined && groups.findIndex((one) => one.name === name) < at;
      if (isTwice) refuse(at, 'name', `${name} is there already`);
      for (const need of needs) {
        const other = groups.find((one) => one.name === need);
        if (other === undefined) refuse(at, 'needs', `there is no group ${need}`);
        else if (need === name) refuse(at, 'needs', 'a group is with itself anyway');
        else if (other.each && !each) refuse(at, 'needs', `${need} has \`each\`, this one not`);
      }
    }
  });

export const plannerSchema = z.strictObject({
  quantile: z
    .number()
    .min(0.5)
    .max(0.99)
    .optional()
    .describe(
      'Of demand, that is planned for; here it is pinned. Left out: 0.95 with its tail while no day is known twice, then 0.85, until the tune job finds a better one.',
    ),
  target: z.number().min(0.1).max(1).default(0.8).describe('Utilization that plans keep below.'),
  headroom: z
    .enum(['none', 'server', 'zone'])
    .default('none')
    .describe(
      'What the others keep free: none; server, zone: room for all that any one of them carries, if it is lost. The target then is as low as that asks; a loss that would be too much is named.',
    ),
  movesMax: z.int().min(1).default(16).describe('Of one plan.'),
  movesPerServerMax: z
    .int()
    .min(1)
    .optional()
    .describe('Of one plan, that leave or reach one server. Left out: no limit of their own.'),
  movesPerHourMax: z
    .int()
    .min(1)
    .optional()
    .describe(
      'Of all plans within an hour, failovers counted. Left out: no limit. What has no server is placed all the same.',
    ),
  bytesMax: bytesSchema
    .optional()
    .describe(
      'Of one plan, in all: the memory that each resource was last seen to take. Left out: no limit. Of what has no figure nothing counts.',
    ),
  bytesPerServerMax: bytesSchema
    .optional()
    .describe('The same of what leaves or reaches one server. Left out: no limit of its own.'),
  bytesPerHourMax: bytesSchema
    .optional()
    .describe(
      'The same of all plans within an hour, failovers counted. Left out: no limit. What has no server is placed all the same.',
    ),
  batchMovesMax: z.int().min(1).max(1000).default(8).describe('Switched as one.'),
  unservedBatchMovesMax: z
    .int()
    .min(1)
    .max(1000)
    .default(250)
    .describe('The same for resources that nobody serves, new ones and those of lost servers.'),
  cooldownMs: z
    .int()
    .min(0)
    .default(86_400_000)
    .describe(
      'A resource that was moved rests so long; until then only an overload, or a rule of its group, moves it.',
    ),
  groups: groupsSchema
    .default([])
    .describe(
      'What holds for several resources together. No plan breaks it; what is broken a plan mends, whatever the load.',
    ),
  gainMin: z
    .number()
    .min(0)
    .max(1)
    .default(0.05)
    .describe('A move must relieve a server by so much of its capacity over the whole horizon.'),
  reliefMin: z
    .number()
    .min(0)
    .max(1)
    .default(0.1)
    .describe(
      'And by this share of what is wrong with it – its overload, its load above the target – or by the share that the largest of its resources is of its load.',
    ),
  moveInFlightWeight: z
    .number()
    .min(0)
    .max(100)
    .default(1)
    .describe(
      'What is under way for a resource – of TCP its connections – makes its move dearer: the one with most of it by this times what its size costs, others in proportion.',
    ),
  moveBytesWeight: z
    .number()
    .min(0)
    .max(100)
    .default(0)
    .describe(
      'The same by the memory that it was last seen to take. 0: it counts only as part of its size, where servers declare a capacity for memory.',
    ),
  imbalanceMax: z
    .number()
    .min(1)
    .default(1.5)
    .describe('Max ÷ mean of the servers that is left alone.'),
  imbalanceLoadMin: z
    .number()
    .min(0)
    .max(1)
    .default(0.5)
    .describe('Imbalance is left alone, too, while the fullest server is less loaded than this.'),
  workUnits: z
    .int()
    .min(1000)
    .default(2_000_000)
    .describe(
      'How long the search may go on; where a server is lost, 50000 at most: what it served waits for the plan.',
    ),
  moveAt: z
    .enum(['once', 'cheapest'])
    .default('cheapest')
    .describe(
      'When `auto` makes the moves that only make things better. cheapest: each when its resource needs least before the limit would be passed; once: in the round that planned them.',
    ),
  planLifeMs: msSchema.default(900_000).describe('A plan that waits longer expires.'),
});

export const fallBackSchema = z
  .strictObject({
    windowMs: msSchema
      .min(60_000)
      .max(7 * 86_400_000)
      .default(86_400_000)
      .describe('So far back the score goes, 2016 steps at most.'),
    overloadsMin: z
      .int()
      .min(1)
      .default(10)
      .describe('With fewer overloads that came or were called, these are not judged.'),
    missedMax: z
      .number()
      .min(0)
      .max(1)
      .default(0.9)
      .describe(
        'Share of the overloads that nobody called; above it the score is bad. 1: it never is for this.',
      ),
    falseMax: z
      .number()
      .min(0)
      .max(1)
      .default(0.75)
      .describe('Share of the calls that were false alarms; the same.'),
    leadStepsMin: z
      .int()
      .min(1)
      .default(1)
      .describe(
        'Steps of the forecast between a call and its overload, the median; the score is bad below. 1: never for this.',
      ),
    comparedMin: z
      .int()
      .min(1)
      .default(300)
      .describe('With fewer steps that were compared with their forecast, coverage is not judged.'),
    coverageMin: z
      .number()
      .min(0)
      .max(0.8)
      .default(0.6)
      .describe(
        'Share of them within P10 to P90, where 0.8 is right; below it the score is bad. 0: it never is for this.',
      ),
  })
  .describe(
    'When `auto` becomes `propose` by itself: the score of the forecasts is bad. It stays so until an operator sets the mode.',
  );

export const backtestSchema = z.strictObject({
  run: z
    .enum(['on', 'off'])
    .default('on')
    .describe(
      "Whether the forecasts are judged on the fleet's own history, as `foreshift backtest` judges them on a trace. It changes nothing.",
    ),
  everyMs: msSchema.min(60_000).default(86_400_000).describe('Between two backtests.'),
  historyMs: msSchema.default(14 * 86_400_000).describe('So far back the history is walked over.'),
  forecastsMax: z
    .int()
    .min(100)
    .max(1_000_000)
    .default(50_000)
    .describe('Of one backtest: of a large fleet some resources are judged, others the next time.'),
  cpuShare: z.number().min(0.01).max(1).default(0.25).describe('Of one core, that it may take.'),
});

export const tuneSchema = z.strictObject({
  everyMs: msSchema
    .min(60_000)
    .default(86_400_000)
    .describe('Between two tunings: the history is replayed with several quantiles.'),
  historyMs: reloadable(
    msSchema.default(14 * 86_400_000).describe('So far back the history is replayed.'),
  ),
  forecastsMax: reloadable(
    z
      .int()
      .min(1000)
      .default(400_000)
      .describe('Resources × decisions of one tuning: a large fleet replays less of its history.'),
  ),
  cpuShare: z
    .number()
    .min(0.01)
    .max(1)
    .default(0.5)
    .describe('Of one core, that a tuning may take.'),
});

const CRON_FIX =
  'a cron pattern of five fields – minute, hour, day, month, weekday – such as "0 3 * * 0"';
const ZONE_FIX = 'a time zone such as UTC or Europe/Berlin';

const rebalanceSchema = z
  .strictObject({
    cron: z
      .string()
      .describe(
        'Times at which a round makes the servers even for the horizon from then on, though no limit is about to be passed: minute, hour, day, month, weekday. `0 3 * * 0` is each Sunday at three. Every limit of moves holds; `*/15 3 * * 0` takes four rounds. Left out with its section: no such rounds.',
      ),
    timeZone: z.string().max(64).default('UTC').describe('That the pattern is in.'),
    imbalanceMax: z
      .number()
      .min(1)
      .default(1.1)
      .describe(
        'Max ÷ mean of the servers that such a round leaves alone; never more than `planner.imbalanceMax`.',
      ),
    imbalanceLoadMin: z
      .number()
      .min(0)
      .max(1)
      .default(0.1)
      .describe(
        'It moves nothing for evenness while the fullest server is less loaded than this; never more than `planner.imbalanceLoadMin`.',
      ),
    planLifeMs: msSchema
      .default(43_200_000)
      .describe(
        'What it proposes waits so long for an operator: whoever decides may come hours after the named time.',
      ),
  })
  .superRefine(({ cron, timeZone }, context) => {
    const refuse = (key: 'cron' | 'timeZone', message: string): void => {
      context.addIssue({ code: 'custom', path: [key], message });
    };
    const fault = scheduleFault(cron, 'UTC');
    if (fault !== undefined) refuse('cron', `${CRON_FIX}: ${fault}`);
    else if (scheduleFault(cron, timeZone) !== undefined) refuse('timeZone', ZONE_FIX);
  });

/** What a bus would say of it; undefined: nothing. */
function scheduleFault(cron: string, timeZone: string): string | undefined {
  try {
    timetableOf({ cron, timeZone });
    return undefined;
  } catch (error) {
    if (codeOf(error) !== 'ERR_SCHEDULE_INVALID') throw error;
    return messageOf(error);
  }
}

export const triggersSchema = z.strictObject({
  thresholdRatio: z
    .number()
    .min(1)
    .default(1.5)
    .describe("A server's load above any other's by this ratio begins a round at once."),
  overallMin: z
    .number()
    .min(0)
    .max(1)
    .default(0.3)
    .describe('Below this load of the fullest server the ratio does not matter.'),
  rebalance: rebalanceSchema.optional(),
});
