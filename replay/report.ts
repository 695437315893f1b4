import { z } from 'zod';
import type { ResourceId, ServerId } from '../core/domain.js';
import { DIMENSIONS } from '../core/domain.js';
import type { PolicyName } from './options.js';
import { POLICY_NAMES, replayOptionsSchema } from './options.js';
import { policyAccountSchema } from './policy.js';
import { measuresSchema } from './rules/measures.js';
import type { PolicyRun } from './run.js';
import type { Scene } from './scene.js';

const sceneReportSchema = z.object({
  /** As the caller names it. */
  trace: z.string(),
  dimension: z.enum(DIMENSIONS),
  resources: z.number(),
  servers: z.number(),
  /** Of one server, in the trace's unit. */
  capacity: z.number(),
  stepMs: z.number(),
  /** The replayed time, after the warm-up. */
  fromMs: z.number(),
  toMs: z.number(),
  warmSteps: z.number(),
  decisionSteps: z.number(),
  horizonSteps: z.number(),
  movesMax: z.number(),
  seed: z.number(),
  switch: replayOptionsSchema.shape.switch,
  hasTriggers: z.boolean(),
  planner: replayOptionsSchema.shape.planner,
});
export type SceneReport = Readonly<z.output<typeof sceneReportSchema>>;

const policyReportSchema = z.object({
  policy: z.enum(POLICY_NAMES),
  ...measuresSchema.shape,
  ...policyAccountSchema.shape,
});
export type PolicyReport = Readonly<z.output<typeof policyReportSchema>>;

/** What is told of a replay at once: all but what the plots are made of. */
export const replaySummarySchema = z.object({
  kind: z.literal('foreshift-replay'),
  scene: sceneReportSchema,
  policies: z.array(policyReportSchema),
});
export type ReplaySummary = Readonly<z.output<typeof replaySummarySchema>>;

/**
 * What a replay found: a function of trace and options, byte for byte. How long it took is not in it
 * (`ReplayResult.seconds`), since that differs from run to run.
 */
export interface ReplayReport extends ReplaySummary {
  /** What the plots are made of; in the order of `policies`. */
  readonly details: readonly PolicyDetail[];
}

export interface PolicyDetail {
  readonly policy: PolicyName;
  /** Each point of the series below covers so many steps. */
  readonly bucketSteps: number;
  /** The servers that were fullest, at most so many as can be looked at. */
  readonly servers: readonly {
    readonly server: ServerId;
    /** Highest utilization in each bucket. */
    readonly peaks: readonly number[];
  }[];
  /** Mean over each bucket of max ÷ mean of the servers' loads. */
  readonly imbalance: readonly number[];
  /** Overload minutes of all servers, up to the end of each bucket. */
  readonly overloadMinutes: readonly number[];
  readonly moves: readonly {
    readonly atMs: number;
    readonly resource: ResourceId;
    readonly source: ServerId;
    readonly target: ServerId;
  }[];
}

const BUCKETS_MAX = 480;
const SERVERS_SHOWN_MAX = 24;
const MINUTE_MS = 60_000;

export function reportOf(trace: string, scene: Scene, runs: readonly PolicyRun[]): ReplayReport {
  const { grid } = scene.recorded;
  return {
    kind: 'foreshift-replay',
    scene: {
      trace,
      dimension: scene.dimension,
      resources: scene.resources.length,
      servers: scene.servers.length,
      capacity: rounded(scene.capacities[0] ?? NaN),
      stepMs: grid.stepMs,
      fromMs: grid.startMs + scene.warmSteps * grid.stepMs,
      toMs: grid.startMs + grid.steps * grid.stepMs,
      warmSteps: scene.warmSteps,
      decisionSteps: scene.decisionSteps,
      horizonSteps: scene.horizonSteps,
      movesMax: scene.movesMax,
      seed: scene.seed,
      switch: scene.switch,
      hasTriggers: scene.hasTriggers,
      planner: scene.planner,
    },
    policies: runs.map(({ policy, measures, account }) => ({
      policy,
      ...mapNumbers(measures),
      ...mapNumbers(account),
    })),
    details: runs.map((run) => detailOf(run, scene)),
  };
}

/** The text of report.json. */
export function reportText(report: ReplayReport): string {
  return `${JSON.stringify(report)}\n`;
}

function detailOf(run: PolicyRun, scene: Scene): PolicyDetail {
  const count = scene.recorded.grid.steps - scene.warmSteps;
  const bucketSteps = Math.ceil(count / BUCKETS_MAX);
  const buckets = Math.ceil(count / bucketSteps);
  const { servers, capacities, recorded, resources } = scene;
  const peaks = servers.map(() => new Float64Array(buckets));
  const imbalance = new Float64Array(buckets);
  const overloaded = new Float64Array(buckets);
  for (let step = 0; step < count; step++) {
    const bucket = Math.floor(step / bucketSteps);
    let sum = 0;
    let most = 0;
    for (const [server, ofServer] of peaks.entries()) {
      const load = run.loads[server * count + step] ?? 0;
      const capacity = capacities[server] ?? NaN;
      sum += load;
      most = Math.max(most, load);
      ofServer[bucket] = Math.max(ofServer[bucket] ?? 0, load / capacity);
      if (load > capacity) overloaded[bucket] = (overloaded[bucket] ?? 0) + 1;
    }
    const ratio = sum > 0 ? (most * servers.length) / sum : 1;
    const inBucket = Math.min(bucketSteps, count - bucket * bucketSteps);
    imbalance[bucket] = (imbalance[bucket] ?? 0) + ratio / inBucket;
  }
  let minutes = 0;
  return {
    policy: run.policy,
    bucketSteps,
    servers: fullest(peaks).map((server) => ({
      server: nameOf(servers, server),
      peaks: Array.from(peaks[server] ?? [], thousandths),
    })),
    imbalance: Array.from(imbalance, thousandths),
    overloadMinutes: Array.from(overloaded, (steps) => {
      minutes += (steps * recorded.grid.stepMs) / MINUTE_MS;
      return rounded(minutes);
    }),
    moves: run.moves.map(({ atMs, resource, source, target }) => ({
      atMs,
      resource: nameOf(resources, resource),
      source: nameOf(servers, source),
      target: nameOf(servers, target),
    })),
  };
}

/** Indices of the servers with the highest peaks; in the order of their names. */
function fullest(peaks: readonly Float64Array[]): number[] {
  const highest = peaks.map((ofServer) => ofServer.reduce((max, peak) => Math.max(max, peak), 0));
  return highest
    .map((_, server) => server)
    .sort((a, b) => (highest[b] ?? 0) - (highest[a] ?? 0) || a - b)
    .slice(0, SERVERS_SHOWN_MAX)
    .sort((a, b) => a - b);
}

function nameOf<Id extends string>(ids: readonly Id[], index: number): Id {
  const id = ids[index];
  if (id === undefined) throw new RangeError(`no ${index} among ${ids.length}`);
  return id;
}

function mapNumbers<T extends object>(values: T): T {
  const entries = Object.entries(values) as [string, unknown][];
  return Object.fromEntries(
    entries.map(([key, value]) => [key, typeof value === 'number' ? rounded(value) : value]),
  ) as T;
}

/** Six significant digits: more say nothing. */
function rounded(value: number): number {
  return Number(value.toPrecision(6));
}

function thousandths(value: number): number {
  return Math.round(value * 1000) / 1000;
}
