import type { ResourceId, ServerId } from '../../core/domain.js';
import type { Generation } from '../../core/generation.js';
import type { PlacementChange } from '../../core/placements.js';
import { AssignmentTable } from '../../core/table.js';
import { Places } from './places.js';

/** What differs from the table before, in columns: a tenth of the cost of an object each. */
export interface PackedTable {
  readonly generation: Generation;
  /** It is the whole table. */
  readonly isWhole: boolean;
  readonly resources: readonly ResourceId[];
  readonly servers: readonly ServerId[];
  /** Of each resource: a place in `servers`; −1: it is in the table no more. */
  readonly serverOf: Int32Array;
  readonly incarnations: Float64Array;
  readonly epochs: Float64Array;
}

export function packTable(table: AssignmentTable, before: AssignmentTable): PackedTable {
  const changed = table.changedSince(before);
  const isWhole = changed === undefined;
  const resources = isWhole
    ? [...table.entries()].map(([resource]) => resource)
    : Array.from(changed, (row) => table.rows.idOf(row));
  const places = new Places();
  const packed = {
    serverOf: new Int32Array(resources.length).fill(-1),
    incarnations: new Float64Array(resources.length),
    epochs: new Float64Array(resources.length),
  };
  for (const [at, resource] of resources.entries()) {
    const placement = table.placementOf(resource);
    if (placement === undefined) continue;
    const { server, since } = placement;
    packed.serverOf[at] = places.of(server);
    packed.incarnations[at] = since.incarnation;
    packed.epochs[at] = since.epoch;
  }
  return {
    generation: table.generation,
    isWhole,
    resources,
    servers: places.servers,
    ...packed,
  };
}

/** The table that was packed, but for what only who plans looks at. */
export function unpackTable(packed: PackedTable, before: AssignmentTable): AssignmentTable {
  const { generation, isWhole, resources, servers, serverOf, incarnations, epochs } = packed;
  const changes = resources.map((resource, at): PlacementChange => {
    const server = servers[serverOf[at] ?? -1];
    if (server === undefined) return [resource, null];
    const since = { incarnation: incarnations[at] ?? 0, epoch: epochs[at] ?? 0 };
    return [resource, { server, since, standby: null }];
  });
  return (isWhole ? AssignmentTable.empty : before).with(changes, generation);
}
