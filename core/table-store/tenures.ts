import type { ResourceId, ServerId } from '../domain.js';
import { PLAN } from './records/plan.js';
import { PLACEMENT } from './records/table.js';
import type { TableView } from './view.js';

/** A server had a resource from then until then, epoch milliseconds; −∞ and ∞: before, after all that is known. */
export interface Tenure {
  readonly resource: ResourceId;
  readonly fromMs: number;
  readonly untilMs: number;
}

export type Tenures = ReadonlyMap<ServerId, readonly Tenure[]>;

interface Move {
  readonly atMs: number;
  readonly source: ServerId | null;
  readonly target: ServerId;
}

/** Who had what when, from the table and the plans that are remembered: what was measured then is theirs. */
export function tenuresOf(view: TableView): Tenures {
  const tenures = new Map<ServerId, Tenure[]>();
  const add = (server: ServerId, tenure: Tenure): void => {
    const known = tenures.get(server);
    if (known === undefined) tenures.set(server, [tenure]);
    else known.push(tenure);
  };
  for (const [resource, { value }] of view.all(PLACEMENT)) {
    add(value.server, { resource, fromMs: value.movedAtMs, untilMs: Infinity });
  }
  for (const [resource, moves] of pastMoves(view)) {
    moves.sort((a, b) => a.atMs - b.atMs);
    for (const [index, { source, atMs }] of moves.entries()) {
      if (source === null) continue;
      add(source, { resource, fromMs: moves[index - 1]?.atMs ?? -Infinity, untilMs: atMs });
    }
  }
  return tenures;
}

/** Those of a server that fill a stretch of time; undefined: one began or ended in it. */
export function residentsDuring(
  tenures: readonly Tenure[],
  fromMs: number,
  untilMs: number,
): ResourceId[] | undefined {
  const residents: ResourceId[] = [];
  for (const tenure of tenures) {
    if (tenure.fromMs >= untilMs || tenure.untilMs <= fromMs) continue;
    if (tenure.fromMs > fromMs || tenure.untilMs < untilMs) return undefined;
    residents.push(tenure.resource);
  }
  return residents;
}

function pastMoves(view: TableView): Map<ResourceId, Move[]> {
  const found = new Map<ResourceId, Move[]>();
  for (const { value } of view.all(PLAN).values()) {
    for (const { batch, result, resources, atMs } of value.outcomes) {
      if (result !== 'applied') continue;
      const moved = new Set(resources);
      for (const { resource, source, target } of value.plan.batches[batch]?.moves ?? []) {
        if (!moved.has(resource)) continue;
        const known = found.get(resource) ?? [];
        known.push({ atMs, source, target });
        found.set(resource, known);
      }
    }
  }
  return found;
}
