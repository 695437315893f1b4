import type { ResourceId, ServerId } from '../../../core/domain.js';
import { SeededRng, shuffled } from '../../../core/rng.js';
import type { PlanningInputs } from '../../../forecaster/planner/inputs.js';
import { Reference } from './reference.js';

/** The same facts, everything listed in another order. */
export function permuted(inputs: PlanningInputs): PlanningInputs {
  const rng = new SeededRng(inputs.seed + 1);
  const { forecast, last, resources, servers } = inputs;
  const { steps } = forecast.grid;
  const order = shuffled(rng, [...forecast.series.keys()]);
  const reordered = (values: Float32Array, width: number): Float32Array => {
    const result = new Float32Array(values.length);
    for (const [to, from] of order.entries()) {
      result.set(values.subarray(from * width, (from + 1) * width), to * width);
    }
    return result;
  };
  return {
    ...inputs,
    forecast: {
      ...forecast,
      series: order.map((from) => forecast.series[from]!),
      paths: reordered(forecast.paths, forecast.quantiles.length * steps),
      peaks: reordered(forecast.peaks, forecast.quantiles.length),
      loadings: reordered(forecast.loadings, forecast.factors),
    },
    last: reordered(last, 1),
    servers: shuffled(rng, servers),
    resources: shuffled(rng, resources).map((resource) => ({
      ...resource,
      eligible: shuffled(rng, resource.eligible),
    })),
  };
}

/** Few enough resources and servers to try every assignment. */
export function small(inputs: PlanningInputs): PlanningInputs {
  return {
    ...inputs,
    resources: inputs.resources.slice(0, 5),
    servers: inputs.servers.slice(0, 4),
  };
}

/** The lowest peak of all assignments that put every resource where it may be. */
export function lowestPeak(inputs: PlanningInputs): number {
  const reference = new Reference(inputs);
  const choices = inputs.resources.map(({ id }) => reference.allowed(id));
  let lowest = Infinity;
  const where = new Map<ResourceId, ServerId>();
  const place = (index: number): void => {
    if (index === inputs.resources.length) {
      lowest = Math.min(lowest, reference.score(new Map(where)).peak);
      return;
    }
    for (const server of choices[index]!) {
      where.set(inputs.resources[index]!.id, server);
      place(index + 1);
    }
  };
  place(0);
  return lowest;
}
