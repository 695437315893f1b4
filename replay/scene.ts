import { configSchema } from '../core/config/schema.js';
import type { Dimension, ResourceId, ServerId } from '../core/domain.js';
import { serverId } from '../core/domain.js';
import { fail } from '../core/errors.js';
import type { Panel } from '../core/panel.js';
import type { Trace } from '../core/trace/trace.js';
import { dimensionsOf, panelIn } from '../core/trace/trace.js';
import { usualWarmSteps } from '../forecaster/backtest/warm-up.js';
import type { ReplayOptions } from './options.js';
import { capacityFor } from './rules/capacity.js';
import { withoutGaps } from './rules/gaps.js';

/** What every policy is run on: a load, equal servers, and the rules that hold for all. */
export interface Scene {
  readonly dimension: Dimension;
  readonly resources: readonly ResourceId[];
  readonly servers: readonly ServerId[];
  /** Of each server, in the unit of the load; equal but for a real fleet. */
  readonly capacities: Float64Array;
  /** As recorded: what a policy may know of the past. */
  readonly recorded: Panel;
  /** Series-major, gaps filled: what the servers carry. */
  readonly values: Float32Array;
  /** Replayed are the steps from here on. */
  readonly warmSteps: number;
  readonly decisionSteps: number;
  readonly horizonSteps: number;
  /** Of foreshift's forecasts. */
  readonly seasonsMs: readonly number[];
  readonly movesMax: number;
  readonly seed: number;
  readonly switch: ReplayOptions['switch'];
  /** For foreshift alone. */
  readonly hasTriggers: boolean;
  readonly planner: ReplayOptions['planner'];
  /** Of a real fleet; undefined: equal servers that may serve anything, and a first map by the means. */
  readonly fleet?: FleetRules;
}

/** What holds for a real fleet beside its capacities. */
interface FleetRules {
  /** Server of each resource before the first step. */
  readonly firstMap: Int32Array;
  /** By resource, the servers that may serve it. */
  readonly eligible: readonly (readonly ServerId[])[];
  readonly pinned: readonly (ServerId | null)[];
  /** By server. */
  readonly spare: readonly boolean[];
  readonly zones: readonly (string | null)[];
}

const DAY_MS = 86_400_000;
const HALF_HOUR_MS = 1_800_000;
const MOVES_SHARE = 0.05;
const MOVES_LEAST = 2;

/** @throws ERR_REPLAY_TRACE — the trace has no such dimension, no load in it, or is too short */
export function sceneOf(trace: Trace, options: ReplayOptions): Scene {
  const recorded = loadIn(trace, options.dimension);
  const { stepMs, steps } = trace.grid;
  const warmSteps = warmStepsOf(trace, options.warmDays);
  const values = withoutGaps(recorded.values, steps);
  const capacity = options.capacity ?? capacityFor({ values, steps }, options.servers, warmSteps);
  if (!(capacity > 0)) {
    return fail('ERR_REPLAY_TRACE', {
      why: 'after the warm-up there is no load in it',
      fix: 'Give the capacity of a server, another dimension, or a shorter warm-up.',
    });
  }
  return {
    dimension: recorded.dimension,
    resources: trace.resources,
    servers: serverNames(options.servers),
    capacities: new Float64Array(options.servers).fill(capacity),
    recorded: recorded.panel,
    values,
    warmSteps,
    decisionSteps: options.decisionSteps ?? Math.max(1, Math.round(HALF_HOUR_MS / stepMs)),
    horizonSteps: options.horizonSteps,
    seasonsMs: configSchema.parse({}).forecast.seasonMs,
    movesMax:
      options.movesMax ?? Math.max(MOVES_LEAST, Math.round(MOVES_SHARE * trace.resources.length)),
    seed: options.seed,
    switch: options.switch,
    hasTriggers: options.triggers,
    planner: options.planner,
  };
}

function loadIn(trace: Trace, wanted: Dimension | undefined) {
  const present = dimensionsOf(trace);
  const dimension = wanted ?? present[0] ?? 'cpu';
  const panel = panelIn(trace, dimension);
  if (panel === undefined) {
    return fail('ERR_REPLAY_TRACE', {
      why: `it has no ${dimension}`,
      fix: `Choose a dimension that it has: ${present.join(', ')}.`,
    });
  }
  return { dimension, panel, values: panel.values };
}

function warmStepsOf({ grid }: Trace, warmDays: number | undefined): number {
  if (warmDays === undefined) {
    const warmSteps = usualWarmSteps(grid);
    return warmSteps > 0 ? warmSteps : tooShort(grid.steps, 2);
  }
  const warmSteps = Math.max(1, Math.round((warmDays * DAY_MS) / grid.stepMs));
  return warmSteps < grid.steps ? warmSteps : tooShort(grid.steps, warmSteps + 1);
}

function tooShort(steps: number, stepsMin: number): never {
  return fail('ERR_REPLAY_TRACE', {
    why: `it is ${steps} steps long, ${stepsMin} are the least with this warm-up`,
    fix: 'Take a longer trace, or a shorter warm-up (--warm-days).',
  });
}

/** s1, s2, …; with zeros in front, so that they sort by number. */
function serverNames(count: number): ServerId[] {
  const digits = String(count).length;
  return Array.from({ length: count }, (_, index) =>
    serverId(`s${String(index + 1).padStart(digits, '0')}`),
  );
}
