import { boundOf } from './bound.js';
import type { Packing } from './packing.js';
import { NOWHERE } from './packing.js';
import type { ProblemFile } from './problem-file.js';
import { usageOf } from './score.js';
import { Tableau } from './tableau.js';

/** What stands in the way of a plan without faults: gone, it would be possible. */
export interface PackingBlocker {
  /**
   * `capacity`: servers, or what one server lacks of a dimension. `nowhere`: no ready server may have the
   * resource. `group`: its group's rules. `moves`: a limit of moves. `fixed`: it may not move.
   */
  readonly kind: 'capacity' | 'pin' | 'nowhere' | 'group' | 'moves' | 'fixed';
  readonly resource: string | null;
  readonly server: string | null;
  readonly dimension: string | null;
  /** Servers more (no resource named), or units of the dimension more on that server. */
  readonly amount: number | null;
}

const NAMED_MAX = 20;

/** The smallest thing for each resource that is misplaced, and for each server that is overloaded; the fleet first. */
export function blockersOf(
  file: ProblemFile,
  packing: Packing,
  assignment: Int32Array,
): PackingBlocker[] {
  const misplaced = [...assignment.keys()].filter((resource) => {
    const server = assignment[resource]!;
    return server === NOWHERE || packing.allowed[resource]![server] !== 1;
  });
  const overloads = overloadsOf(file, packing, assignment);
  if (misplaced.length === 0 && overloads.length === 0) return [];
  const tableau = new Tableau({
    ...packing,
    start: assignment,
    isTransient: new Uint8Array(packing.cells),
  });
  return [
    ...fleetShortage(file, packing),
    ...misplaced.slice(0, NAMED_MAX).map((resource) => ofResource(file, tableau, resource)),
    ...overloads.slice(0, NAMED_MAX),
  ];
}

/** Even a perfect spread is too full: so many servers of the mean size more would do. */
function fleetShortage({ dimensions }: ProblemFile, packing: Packing): PackingBlocker[] {
  const { peak, fullestCell, servers } = boundOf(packing);
  if (peak <= 1) return [];
  const dimension = dimensions[Math.floor(fullestCell / packing.steps)]!.name;
  const amount = Math.ceil((peak - 1) * servers * 10 - 1e-9) / 10;
  return [{ kind: 'capacity', resource: null, server: null, dimension, amount }];
}

function ofResource(file: ProblemFile, tableau: Tableau, resource: number): PackingBlocker {
  const { packing } = tableau;
  const { name, pinned } = file.resources[resource]!;
  const none = { resource: name, server: null, dimension: null, amount: null };
  if (packing.isMovable[resource] === 0) return { kind: 'fixed', ...none };
  const allowed = [...packing.allowed[resource]!.keys()].filter(
    (server) => packing.allowed[resource]![server] === 1,
  );
  if (allowed.length === 0) {
    return pinned === null
      ? { kind: 'nowhere', ...none }
      : { kind: 'pin', ...none, server: pinned };
  }
  let least: PackingBlocker | undefined;
  for (const server of allowed) {
    const lack = lackAt(file, tableau, { resource, server });
    if (lack === undefined) {
      const isApart = !tableau.groups.allows(resource, server);
      least ??= { kind: isApart ? 'group' : 'moves', ...none, server: file.servers[server]!.name };
    } else if (least?.amount === undefined || lack.amount! < (least.amount ?? Infinity)) {
      least = { ...lack, resource: name };
    }
  }
  return least ?? { kind: 'nowhere', ...none };
}

/** What the server lacks most of for one more; undefined: nothing. */
function lackAt(
  { servers, dimensions }: ProblemFile,
  { packing, usage }: Tableau,
  { resource, server }: { readonly resource: number; readonly server: number },
): PackingBlocker | undefined {
  const { cells, steps, demand, capacity } = packing;
  let most = 0;
  let worst = NOWHERE;
  for (let cell = 0; cell < cells; cell++) {
    const at = server * cells + cell;
    const lack = usage[at]! + demand[resource * cells + cell]! - capacity[at]!;
    if (lack <= most) continue;
    most = lack;
    worst = cell;
  }
  if (worst === NOWHERE) return undefined;
  const dimension = dimensions[Math.floor(worst / steps)]!.name;
  return {
    kind: 'capacity',
    resource: null,
    server: servers[server]!.name,
    dimension,
    amount: most,
  };
}

/** Servers above a capacity, in the dimension where it is worst. */
function overloadsOf(
  { servers, dimensions }: ProblemFile,
  packing: Packing,
  assignment: Int32Array,
): PackingBlocker[] {
  const { cells, steps, capacity } = packing;
  const usage = usageOf(packing, assignment, packing.demand);
  return servers.flatMap(({ name }, server): PackingBlocker[] => {
    let most = 0;
    let worst = NOWHERE;
    for (let cell = 0; cell < cells; cell++) {
      const at = server * cells + cell;
      const excess = usage[at]! - capacity[at]!;
      if (excess <= most * (1 + 1e-9)) continue;
      most = excess;
      worst = cell;
    }
    if (worst === NOWHERE) return [];
    const dimension = dimensions[Math.floor(worst / steps)]!.name;
    return [{ kind: 'capacity', resource: null, server: name, dimension, amount: most }];
  });
}
