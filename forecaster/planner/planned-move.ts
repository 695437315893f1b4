import type { PlannedMove } from '../../core/plan.js';
import type { ReasonedShift } from './batches.js';
import { NOWHERE } from './problem.js';
import type { Translation } from './translation.js';
import { loadOf } from './demand.js';
import type { StartWindows } from './start-window.js';

/** A shift by names, with the facts that it rests on. */
export function plannedMove(
  shift: ReasonedShift,
  translation: Translation,
  windows: StartWindows,
): PlannedMove {
  const { resource, source, target, reason } = shift;
  const { problem, resources } = translation;
  const { id, since } = resources[resource]!;
  return {
    resource: id,
    source: source === NOWHERE ? null : problem.servers[source]!,
    target: problem.servers[target]!,
    since: source === NOWHERE ? null : since,
    reason,
    demand: peakDemandOf(resource, translation),
    window: windows.of(shift),
  };
}

/** Its own highest demand over the horizon, by dimension, in the dimension's unit. */
export function peakDemandOf(
  resource: number,
  { problem: { dimensions, demand, steps } }: Translation,
): PlannedMove['demand'] {
  return Object.fromEntries(
    dimensions.map((name, dimension) => {
      let peak = 0;
      for (let cell = dimension * steps; cell < (dimension + 1) * steps; cell++) {
        peak = Math.max(peak, loadOf(demand, resource, cell));
      }
      return [name, peak];
    }),
  );
}
