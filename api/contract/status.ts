import { z } from 'zod';
import { DIMENSIONS, MODES, SERVER_STATES } from '../../core/domain.js';
import { forecastScoreSchema } from '../../core/forecast-score.js';
import { backtestScoreSchema } from '../../core/backtest-score.js';
import { neuralSchema } from '../../core/table-store/records/neural.js';
import { spoolSchema } from '../../core/table-store/records/process.js';
import { SWITCH_STATES } from '../../core/table-store/records/switch.js';
import { tuningSchema } from '../../core/table-store/records/tuning.js';
import { NO_PLAN_REASONS } from '../../core/plan.js';

/* What `GET /v1/status` answers: the one page that says how everything is. Generations are written `1.41`. */

const utilizationSchema = z.partialRecord(z.enum(DIMENSIONS), z.number());

const serverStatusSchema = z.object({
  id: z.string(),
  state: z.enum([...SERVER_STATES, 'lost']),
  /** By whom, why and since when it is in that state; null: it always was. */
  because: z.object({ by: z.string(), reason: z.string(), sinceMs: z.number() }).nullable(),
  spare: z.boolean(),
  zone: z.string().nullable(),
  address: z.string(),
  fence: z.string(),
  /** Resources that it serves. */
  resources: z.number(),
  capacity: utilizationSchema,
  /** Measured lately, as shares of its capacity; `hits` without a declared capacity stays absent. */
  utilization: utilizationSchema,
  hitsPerSecond: z.number().nullable(),
  /** The largest of its utilizations; null: not measured. */
  overall: z.number().nullable(),
  /** P90 of its peak over the horizon, as a share of its capacity, in the dimension that is highest. */
  predicted: z
    .object({
      dimension: z.enum(DIMENSIONS),
      p90: z.number(),
      /** When that is. */
      peakAtMs: z.number(),
      /** When the planned-for quantile passes the capacity first; null: it does not. */
      overAtMs: z.number().nullable(),
    })
    .nullable(),
  note: z.string(),
});
export type ServerStatus = z.infer<typeof serverStatusSchema>;

const balancerSchema = z.object({
  /** `waiting`: a plan waits for a decision; `applying`: one is under way; `ended`: the last one came to another end than being carried out; else why there is none. */
  kind: z.enum(['waiting', 'applying', 'ended', 'no-round', ...NO_PLAN_REASONS]),
  plan: z.string().nullable(),
  /** One sentence. */
  text: z.string(),
});

/** What the planner plans for, and what was found by trying others on the fleet's own history. */
const policySchema = z.object({
  /** Of demand. */
  quantile: z.number(),
  origin: z.enum(['pinned', 'tuned', 'young', 'default']),
  /** One sentence. */
  text: z.string(),
  /** The last tuning; null: there was none. */
  tuning: tuningSchema.omit({ quantile: true, sinceMs: true }).nullable(),
});

const openSwitchSchema = z.object({
  plan: z.string(),
  batch: z.number(),
  state: z.enum(SWITCH_STATES),
  resources: z.array(z.string()),
  sinceMs: z.number(),
});

export const statusSchema = z.object({
  cluster: z.string(),
  atMs: z.number(),
  generation: z.string(),
  resources: z.number(),
  unassigned: z.number(),
  mode: z.enum(MODES),
  /** Why it became `propose` by itself, and when; null: it did not. */
  fellBack: z.object({ sinceMs: z.number(), text: z.string() }).nullable(),
  paused: z.object({ by: z.string(), reason: z.string(), sinceMs: z.number() }).nullable(),
  balancer: balancerSchema,
  openSwitch: openSwitchSchema.nullable(),
  policy: policySchema,
  servers: z.array(serverStatusSchema),
  /** Max ÷ mean of the overall loads of the servers that take part. */
  imbalance: z.number().nullable(),
  redirectors: z.array(
    z.object({ id: z.string(), generation: z.string(), isCoordinator: z.boolean() }),
  ),
  /** That clients use, whichever redirector has them. */
  addresses: z.array(
    z.object({
      ip: z.string(),
      /** The redirector that has it; null: none. */
      holder: z.string().nullable(),
      /** Since when that is so; null: it always was. */
      sinceMs: z.number().nullable(),
      /** Redirectors that stand ready to take it. */
      standing: z.array(z.string()),
      /** Those that do not, and why. */
      faults: z.array(z.object({ redirector: z.string(), why: z.string() })),
    }),
  ),
  forecast: z
    .object({
      madeAtMs: z.number(),
      horizonMs: z.number(),
      series: z.number(),
      /** Share of the steps that turned out within P10 to P90, lately; null: not known yet. */
      coverage: z.number().nullable(),
    })
    .nullable(),
  /** How good the forecasts turned out, and that in one sentence; null: no round was held yet. */
  score: forecastScoreSchema.extend({ text: z.string() }).nullable(),
  /** How good they would have been on the fleet's own history, and that in one sentence; null: no backtest was held yet. */
  backtest: backtestScoreSchema.extend({ text: z.string() }).nullable(),
  /** The network among the models; null: no forecaster has begun yet. */
  neural: neuralSchema.nullable(),
  /** All targets, if the collector runs in the api's process; else those that cannot be polled. */
  collector: z.array(
    z.object({
      target: z.string(),
      lastSuccessMs: z.number().nullable(),
      failing: z.string().nullable(),
    }),
  ),
  /** Every process by its own word, the api that answers first; those of one that stopped in order are gone. */
  processes: z.array(
    z.object({
      /** `collector@box-7:7702`, `redirector@r1` */
      id: z.string(),
      roles: z.array(z.string()),
      saidAtMs: z.number(),
      /** It has said nothing for longer than it would: it was killed, or cannot reach the table store. The rest is its last word. */
      isSilent: z.boolean(),
      /** Null: it is no collector. */
      spool: spoolSchema.nullable(),
    }),
  ),
  /** What the processes rest on outside of them, as they find it, once for each way in which it fails them. */
  engines: z.array(
    z.object({
      name: z.string(),
      /** Who says so; of those that are silent nothing is known. */
      processes: z.array(z.string()),
      /** Null: their last calls were answered. */
      fault: z
        .object({
          sinceMs: z.number(),
          atMs: z.number(),
          code: z.string(),
          message: z.string(),
        })
        .nullable(),
    }),
  ),
  /** What a person should look at, one sentence each. */
  warnings: z.array(z.string()),
});
export type Status = z.infer<typeof statusSchema>;
