import { z } from 'zod';
import { NOWHERE } from '../problem.js';
import type { Stopped } from '../search.js';
import { STOPPED } from '../search.js';
import type { AnnealingOptions } from './annealing.js';
import { blockersOf, packingBlockerSchema } from './packing-blockers.js';
import { boundOf } from './bound.js';
import { demandFrom, packingFrom, withSparesOpen } from './from-file.js';
import { inNameOrder } from './name-order.js';
import { orderOf } from './order.js';
import { pack } from './pack.js';
import type { Packing } from './packing.js';
import { MoveReasons, moveReasonSchema } from './move-reasons.js';
import type { ProblemFile } from './problem-file.js';
import { isFeasible, packingScoreSchema, scorePacking } from './score.js';
import { standbysOf } from './packing-standbys.js';

const pairSchema = z.object({
  nothing: packingScoreSchema,
  plan: packingScoreSchema,
});
type Pair = Readonly<z.output<typeof pairSchema>>;

const problemMoveSchema = z.object({
  resource: z.string(),
  source: z.string().nullable(),
  target: z.string(),
  reason: moveReasonSchema,
  /** It should start in this time; `cheapestMs`: when the resource needs least. Epoch milliseconds. */
  window: z.object({
    fromMs: z.number(),
    untilMs: z.number(),
    cheapestMs: z.number(),
  }),
});
export type ProblemMove = Readonly<z.output<typeof problemMoveSchema>>;

/** The answer to a problem file, everything by name. */
export const problemPlanSchema = z.object({
  format: z.literal('foreshift-plan/1'),
  seed: z.number(),
  /** `complete`: all was tried. `time`: the clock ended the search, another run may find another plan. */
  stopped: z.enum(STOPPED),
  /** Nothing is misplaced or overloaded, and no rule of groups is broken. */
  feasible: z.boolean(),
  /** If nothing is done, and with the plan. */
  score: pairSchema,
  /**
   * No assignment of the same resources has a lower peak, and none that is as good in the earlier aims costs
   * less; `gap` = cost of the plan − that.
   */
  bound: z.object({ cost: z.number(), peak: z.number(), gap: z.number() }),
  /** The same if the load turns out low, high, or stays as it was last; null: the problem does not say. */
  worlds: z.object({
    low: pairSchema.nullable(),
    high: pairSchema.nullable(),
    last: pairSchema.nullable(),
  }),
  /** Made one after the other; the moves of one as one. */
  batches: z.array(z.object({ moves: z.array(problemMoveSchema) })),
  assignment: z.record(z.string(), z.string().nullable()),
  /** Where each resource goes if its server is lost; absent: nowhere. */
  standbys: z.record(z.string(), z.string()),
  /** Servers whose loss the others cannot take up whole. */
  unprotected: z.array(z.string()),
  blockers: z.array(packingBlockerSchema),
});
export type ProblemPlan = Readonly<z.output<typeof problemPlanSchema>>;

export type ProblemRun = AnnealingOptions;

/** With spares closed the search has so much of the time; the rest is for the case that they are needed. */
const CLOSED_SHARE = 0.4;

/**
 * Plans a problem file. Pure: the same file, seed and work give the same bytes, in whatever order the file lists things.
 * @throws ERR_PLANNING_INVALID — names that are not there, or twice
 */
export function planProblem(given: ProblemFile, run: ProblemRun): ProblemPlan {
  const file = inNameOrder(given);
  const { packing, assignment, stopped } = solved(file, run);
  const scores = (demand = packing.demand): Pair => ({
    nothing: scorePacking(packing, packing.start, { demand }),
    plan: scorePacking(packing, assignment, { demand }),
  });
  const world = (name: 'low' | 'high' | 'last'): Pair | null => {
    const demand = demandFrom(file, name);
    return demand === null ? null : scores(demand);
  };
  const score = scores();
  const { cost: least, peak } = boundOf(packing, assignment);
  // All were tried: of what is as good in the earlier aims, nothing costs less.
  const bound = { cost: stopped === 'complete' ? score.plan.cost : least, peak };
  const reasons = new MoveReasons(file, packing, assignment);
  const urgency = Float64Array.from(assignment.keys(), (resource) => reasons.breachStep(resource));
  const nameOf = (server: number): string | null =>
    server === NOWHERE ? null : file.servers[server]!.name;
  const { standbys, unprotected } = standbysOf(packing, assignment);
  return {
    format: 'foreshift-plan/1',
    seed: run.seed,
    stopped,
    feasible: isFeasible(score.plan),
    score,
    bound: { ...bound, gap: Math.max(0, score.plan.cost - bound.cost) },
    worlds: { low: world('low'), high: world('high'), last: world('last') },
    batches: orderOf(packing, assignment, urgency).map((batch) => ({
      moves: batch.map((resource): ProblemMove => ({
        resource: file.resources[resource]!.name,
        source: file.resources[resource]!.server,
        target: nameOf(assignment[resource]!)!,
        reason: reasons.of(resource),
        window: reasons.window(resource),
      })),
    })),
    assignment: Object.fromEntries(
      file.resources.map(({ name }, resource) => [name, nameOf(assignment[resource]!)]),
    ),
    standbys: Object.fromEntries(
      [...standbys].map(([resource, server]) => [file.resources[resource]!.name, nameOf(server)!]),
    ),
    unprotected: unprotected.map((server) => file.servers[server]!.name),
    blockers: blockersOf(file, packing, assignment),
  };
}

interface Solved {
  readonly packing: Packing;
  readonly assignment: Int32Array;
  readonly stopped: Stopped;
}

/** Spare servers are opened only if without them something is misplaced or overloaded. */
function solved(file: ProblemFile, run: ProblemRun): Solved {
  const packing = packingFrom(file);
  if (!file.servers.some(({ state }) => state === 'spare'))
    return { packing, ...pack(packing, run) };
  const closedWork = run.workUnits * CLOSED_SHARE;
  const first = pack(packing, partOf(run, { workUnits: closedWork, from: 0, share: CLOSED_SHARE }));
  if (isFeasible(scorePacking(packing, first.assignment))) return { packing, ...first };
  const open = withSparesOpen(file, packing);
  const from = Math.min(1, run.timeShare?.() ?? 0);
  const workUnits = run.workUnits * (1 - CLOSED_SHARE);
  return { packing: open, ...pack(open, partOf(run, { workUnits, from, share: 1 - from })) };
}

/** A run that has so much of the work, and the share of the time that begins at `from`. */
function partOf(
  { timeShare, seed }: ProblemRun,
  {
    workUnits,
    from,
    share,
  }: { readonly workUnits: number; readonly from: number; readonly share: number },
): ProblemRun {
  return {
    seed,
    workUnits,
    // Of no time at all everything is over.
    ...(timeShare && { timeShare: () => (share > 0 ? (timeShare() - from) / share : 1) }),
  };
}
