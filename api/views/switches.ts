import { formatGeneration } from '../../core/generation.js';
import type { PlanRecord } from '../../core/table-store/records/plan.js';
import { PLAN } from '../../core/table-store/records/plan.js';
import type { TableView } from '../../core/table-store/view.js';
import { inverseBatches } from '../acts/plans.js';
import type { Switches } from '../contract/switches.js';

type Switch = Switches['switches'][number];

export function switchesOf(view: TableView, limit: number): Switches {
  const records = [...view.all(PLAN).values()].map(({ value }) => value);
  const switches = records.flatMap(switchesIn).sort((a, b) => b.atMs - a.atMs);
  const shown = switches.slice(0, limit);
  const plans = new Set(shown.map(({ plan }) => plan));
  return {
    switches: shown,
    undoable: records
      .filter((record) => plans.has(record.plan.id) && inverseBatches(record, view).length > 0)
      .map(({ plan }) => plan.id),
    holds: holdsOf(switches.filter(isHeld)),
  };
}

function switchesIn({ plan, outcomes }: PlanRecord): Switch[] {
  return outcomes.map(({ generation, resources, ...outcome }) => {
    const moved = new Set(resources);
    const moves = (plan.batches[outcome.batch]?.moves ?? [])
      .filter(({ resource }) => moved.size === 0 || moved.has(resource))
      .map(({ resource, source, target }) => ({ resource, source, target }));
    return {
      ...outcome,
      plan: plan.id,
      moves,
      generation: generation === null ? null : formatGeneration(generation),
    };
  });
}

/** What had no server was not served: there was nothing to hold. */
function isHeld({ result, moves }: Switch): boolean {
  return result === 'applied' && moves.some(({ source }) => source !== null);
}

function holdsOf(applied: readonly Switch[]): Switches['holds'] {
  const holds = applied.map(({ holdMs }) => holdMs).sort((a, b) => a - b);
  const at = (share: number): number => holds[Math.ceil(share * holds.length) - 1] ?? 0;
  return holds.length === 0 ? null : { count: holds.length, p50Ms: at(0.5), p99Ms: at(0.99) };
}
