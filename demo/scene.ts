import type { z } from 'zod';
import type { configSchema } from '../core/config/schema.js';
import type { Mode } from '../core/domain.js';
import type { Trace } from '../core/trace/trace.js';

/* What is staged: how fast time runs, how big the servers are, and how the trace becomes requests. */

/** One step of the trace, five minutes as a rule, passes in half a second. */
export const STEP_MS = 500;
const STEPS_A_DAY = 288;
/** So much history is imported before the curtain rises. */
export const HISTORY_STEPS = 2 * STEPS_A_DAY;
export const HORIZON_STEPS = 12;
export const SERVERS = 4;
export const RESOURCES_MAX = 40;
/** Cores that each server declares: far less than a machine has, so that four fit beside everything else. */
export const CAPACITY_CPU = 0.2;
/** Load of the fleet at its fullest (99 of 100 steps are below), as a share of its capacity: there is a plan that fits. */
const FILL = 0.62;

/** The service's settings at the demo's pace: what is minutes in production is half-seconds here. */
export function sceneSettings(
  mode: Mode,
  ports: { readonly api: number; readonly proxy: number; readonly agents: number },
) {
  const loopback = (port: number): string => `127.0.0.1:${port}`;
  return {
    cluster: 'demo',
    log: { level: 'error' } as const,
    mode,
    api: { listen: loopback(ports.api) },
    health: { listen: loopback(0) },
    listeners: [{ listen: loopback(ports.proxy) }],
    // Twice a step, so that a poll that comes late leaves no step without a sample.
    collector: { everyMs: STEP_MS / 2, timeoutMs: 2 * STEP_MS },
    metricStore: { rollupMs: 10_000 },
    forecast: {
      everyMs: 6 * STEP_MS,
      stepMs: STEP_MS,
      horizonSteps: HORIZON_STEPS,
      historySteps: 4 * STEPS_A_DAY,
      seasonMs: [(STEPS_A_DAY / 24) * STEP_MS, STEPS_A_DAY * STEP_MS],
    },
    // A day in two minutes, beside whatever else this machine does, is no judgement of forecasts.
    fallBack: { missedMax: 1, falseMax: 1, leadStepsMin: 1, coverageMin: 0 },
    planner: { cooldownMs: 12 * STEP_MS, planLifeMs: 60 * STEP_MS, target: 0.85, quantile: 0.85 },
    // A machine that is busy with other things answers late: that is no loss.
    agents: { listen: loopback(ports.agents), callTimeoutMs: 5000 },
    redirector: {
      memberLeaseMs: 10_000,
      servingLeaseMs: 15_000,
      healthCheckMs: 500,
      // Its clients have gone before.
      stopWaitMs: 0,
    },
  } satisfies z.input<typeof configSchema>;
}

/** The trace as requests: which resources, and how many requests a second each at every step. */
export interface Requests {
  readonly resources: readonly string[];
  /** Of history, then of the show. */
  readonly steps: number;
  /** Series-major: resource r at step k is `[r · steps + k]`. */
  readonly rates: Float32Array;
}

/**
 * Scales a trace so that the fleet is filled as wanted when a request costs `cpuSecondsPerRequest`. Load is the
 * trace's cpu, else its hits; of more resources than are staged the biggest are taken; a gap repeats what was before.
 */
export function requestsOf(trace: Trace, cpuSecondsPerRequest: number): Requests | undefined {
  const load = trace.loads.cpu ?? trace.loads.hits ?? trace.loads.network;
  const { steps } = trace.grid;
  if (load === undefined) return undefined;
  const filled = trace.resources.map((id, index) => ({
    id,
    values: withoutGaps(load.subarray(index * steps, (index + 1) * steps)),
  }));
  const chosen = filled
    .map((resource) => ({ ...resource, sum: resource.values.reduce((a, b) => a + b, 0) }))
    .sort((a, b) => b.sum - a.sum || (a.id < b.id ? -1 : 1))
    .slice(0, RESOURCES_MAX)
    .sort((a, b) => (a.id < b.id ? -1 : 1));
  const fullest = fullestOf(chosen.map(({ values }) => values));
  if (fullest === 0) return undefined;
  const scale = (SERVERS * CAPACITY_CPU * FILL) / cpuSecondsPerRequest / fullest;
  const rates = new Float32Array(chosen.length * steps);
  for (const [index, { values }] of chosen.entries()) {
    for (let step = 0; step < steps; step++) {
      rates[index * steps + step] = (values[step] ?? 0) * scale;
    }
  }
  return { resources: chosen.map(({ id }) => id), steps, rates };
}

/** The 99th percentile of the sum over all series. */
function fullestOf(series: readonly Float32Array[]): number {
  const totals = Float64Array.from(series[0] ?? [], (_value, step) =>
    series.reduce((sum, values) => sum + (values[step] ?? 0), 0),
  ).sort();
  return totals[Math.floor(0.99 * (totals.length - 1))] ?? 0;
}

function withoutGaps(values: Float32Array): Float32Array {
  let last = values.find((value) => Number.isFinite(value)) ?? 0;
  return values.map((value) => {
    if (Number.isFinite(value)) last = value;
    return last;
  });
}
