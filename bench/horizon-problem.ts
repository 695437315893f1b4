import { configSchema } from '../core/config/schema.js';
import { DIMENSIONS, resourceId, serverId } from '../core/domain.js';
import { QUANTILES, forecastBlock } from '../core/forecast.js';
import type { Rng } from '../core/rng.js';
import { SeededRng, between } from '../core/rng.js';
import { SAFE_QUANTILE } from '../core/table-store/policy.js';
import type { SeriesKey } from '../core/sample.js';
import type { PlannerOptions, PlanningInputs } from '../forecaster/planner/inputs.js';

export interface HorizonShape {
  readonly resources: number;
  readonly servers: number;
  /** 1 to 4. */
  readonly dimensions: number;
  readonly steps: number;
  /** Load ÷ capacity of the whole fleet at the worst step: no peak can be lower. */
  readonly fill: number;
  /** 90th percentile − median, as a share of the median; 0: the forecast is certain. */
  readonly spread: number;
  readonly seed: number;
}

/** Each dimension is this much less full than the one before. */
const DIMENSION_RELIEF = 0.05;
const SERVER_CAPACITY = 1000;
const NOW_MS = Date.UTC(2026, 10, 2, 9);

/**
 * A planning problem like those of planning by load: heavy-tailed sizes, each resource with a daily wave of its
 * own phase, dimensions that go together only in part, and a start where some servers got far more than others.
 */
export function horizonInputs(
  shape: HorizonShape,
  options: Partial<PlannerOptions>,
): PlanningInputs {
  const { resources, servers, dimensions, steps, seed } = shape;
  const rng = new SeededRng(seed);
  const names = DIMENSIONS.slice(0, dimensions);
  const ids = Array.from({ length: resources }, (_hole, index) => resourceId(`r${index}`));
  const serverIds = Array.from({ length: servers }, (_hole, index) => serverId(`s${index}`));
  const series = ids.flatMap((id) =>
    names.map((metric): SeriesKey => ({ subject: 'resource', id, metric })),
  );
  const forecast = forecastBlock(series, { startMs: NOW_MS, stepMs: 3_600_000, steps });
  const demand = demandOf(rng, shape);
  const last = new Float32Array(series.length);
  for (const row of series.keys()) {
    last[row] = demand[row * steps]!;
    forecast.loadings[row] = shape.spread === 0 ? 0 : 0.3;
    for (const quantile of QUANTILES.keys()) {
      const factor = 1 + (quantile - 1) * shape.spread;
      const to = (row * QUANTILES.length + quantile) * steps;
      for (let step = 0; step < steps; step++) {
        forecast.paths[to + step] = demand[row * steps + step]! * factor;
      }
    }
  }
  const weights = serverIds.map(() => 0.35 + rng.next() * 1.3);
  const capacity = Object.fromEntries(names.map((name) => [name, SERVER_CAPACITY]));
  return {
    nowMs: NOW_MS,
    forecast,
    disproved: [],
    last,
    resources: ids.map((id) => ({
      id,
      server: serverIds[weighted(rng, weights)]!,
      since: { incarnation: 1, epoch: 1 },
      standby: null,
      movedAtMs: null,
      movingTo: null,
      pinned: null,
      eligible: serverIds,
    })),
    servers: serverIds.map((id) => ({ id, state: 'ready', spare: false, zone: null, capacity })),
    options: {
      ...configSchema.shape.planner.parse({}),
      quantile: SAFE_QUANTILE,
      countsTail: false,
      ...options,
    },
    seed,
    restraint: null,
  };
}

/** At `(r · dimensions + d) · steps + t`, scaled so that each dimension fills the fleet as asked. */
function demandOf(rng: Rng, shape: HorizonShape): Float32Array {
  const { resources, servers, dimensions, steps, fill } = shape;
  const demand = new Float32Array(resources * dimensions * steps);
  const wide = resources / servers;
  for (let resource = 0; resource < resources; resource++) {
    // Pareto with exponent 1.4, cut so that no resource is more than a third of a server.
    const size = Math.min(wide / 3, Math.pow(1 - rng.next(), -1 / 1.4) / 3.5);
    const phase = rng.next();
    for (let dimension = 0; dimension < dimensions; dimension++) {
      const share = size * between(rng, 0.4, 1.6);
      const swing = between(rng, 0.1, 0.7);
      for (let step = 0; step < steps; step++) {
        const wave = Math.sin(2 * Math.PI * (step / 24 + phase));
        demand[(resource * dimensions + dimension) * steps + step] = share * (1 + swing * wave);
      }
    }
  }
  for (let dimension = 0; dimension < dimensions; dimension++) {
    scale(demand, shape, { dimension, fill: fill - dimension * DIMENSION_RELIEF });
  }
  return demand;
}

function scale(
  demand: Float32Array,
  { resources, servers, dimensions, steps }: HorizonShape,
  { dimension, fill }: { readonly dimension: number; readonly fill: number },
): void {
  const totals = new Float64Array(steps);
  const at = (resource: number, step: number): number =>
    (resource * dimensions + dimension) * steps + step;
  for (let resource = 0; resource < resources; resource++) {
    for (let step = 0; step < steps; step++) totals[step]! += demand[at(resource, step)]!;
  }
  const factor = (fill * servers * SERVER_CAPACITY) / Math.max(...totals);
  for (let resource = 0; resource < resources; resource++) {
    for (let step = 0; step < steps; step++) demand[at(resource, step)]! *= factor;
  }
}

function weighted(rng: Rng, weights: readonly number[]): number {
  let left = rng.next() * weights.reduce((sum, weight) => sum + weight, 0);
  for (const [index, weight] of weights.entries()) {
    left -= weight;
    if (left < 0) return index;
  }
  return weights.length - 1;
}
