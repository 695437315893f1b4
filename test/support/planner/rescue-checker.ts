import type { ResourceId, ServerId } from '../../../core/domain.js';
import type { PlanningInputs } from '../../../forecaster/planner/inputs.js';
import type { Rescue } from '../../../forecaster/planner/rescue.js';
import type { Where } from './reference.js';
import { Reference } from './reference.js';

/** Loads are single-precision numbers. */
const TOLERANCE = 1e-5;

/** Everything that is wrong with where what was lost is to go, in words; empty: nothing. Written from the definition. */
export function rescueFaults(inputs: PlanningInputs, { batches, left }: Rescue): string[] {
  const reference = new Reference(inputs);
  const states = new Map(inputs.servers.map(({ id, state }) => [id, state]));
  const lost = inputs.resources.filter(
    ({ server, movingTo }) =>
      server !== null &&
      states.get(server) === 'lost' &&
      (movingTo === null || (states.get(movingTo) ?? 'lost') === 'lost'),
  );
  const waiting = new Set<ResourceId>(lost.map(({ id }) => id));
  const start = reference.start();
  const where = new Map<ResourceId, ServerId>(start);
  const faults: string[] = [];
  for (const { resource, source, target, reason } of batches.flatMap(({ moves }) => moves)) {
    const facts = inputs.resources.find(({ id }) => id === resource)!;
    if (!waiting.delete(resource)) faults.push(`${resource}: was not lost, or is moved twice`);
    if (source !== facts.server || reason.kind !== 'lost') faults.push(`${resource}: not its loss`);
    if (!reference.allowed(resource).includes(target)) faults.push(`${resource}: not on ${target}`);
    where.set(resource, target);
    // After each of them, whatever the batches are.
    faults.push(...brokenBy(reference, target, { start, where }));
  }
  const known = new Set(reference.faults(start));
  faults.push(...reference.faults(where).filter((fault) => !known.has(fault)));
  if ([...waiting].sort().join() !== [...left].sort().join())
    faults.push(`left are ${left.join()}, should be ${[...waiting].join()}`);
  for (const resource of left) {
    // An open switch has it in hand until it ends.
    if (lost.some(({ id, movingTo }) => id === resource && movingTo !== null)) continue;
    const refuge = reference.allowed(resource).find((server) => {
      const there = new Map(where).set(resource, server);
      const isWhole = brokenBy(reference, server, { start, where: there }).length === 0;
      const after = reference.faults(there);
      // Where somebody misses company already, nobody is sent to miss it too: a whole plan settles that.
      const isLonely = after.some((fault) => fault.includes(' in zone '));
      return isWhole && !isLonely && after.length <= reference.faults(where).length;
    });
    if (refuge !== undefined) faults.push(`${resource}: left, though ${refuge} has room`);
  }
  return faults;
}

/** Cells of the server over its capacity, and fuller than at the start. */
function brokenBy(
  reference: Reference,
  server: ServerId,
  { start, where }: { readonly start: Where; readonly where: Where },
): string[] {
  // Written down anew each time: the reference remembers what it computed of a map.
  const before = reference.utilizations(server, start);
  return [...reference.utilizations(server, new Map(where)).entries()].flatMap(([at, value]) =>
    value > Math.max(1, before[at]!) + TOLERANCE ? [`${server}: ${value} in cell ${at}`] : [],
  );
}
