import { z } from 'zod';
import { boundOf } from './bound.js';
import type { Packing } from './packing.js';
import { isAbove, isMisplaced, usageOf } from './packing.js';
import type { ProblemFile } from './problem-file.js';
import { Tableau } from './tableau.js';

/** What stands in the way of a plan without faults: gone, it would be possible. */
export const packingBlockerSchema = z.object({
  /**
   * `capacity`: servers, or what one server lacks of a dimension. `nowhere`: no ready server may have the
   * resource. `group`: its group's rules. `moves`: a limit of moves. `fixed`: it may not move. `search`: nothing,
   * the search ended before it was placed.
   */
  kind: z.enum(['capacity', 'pin', 'nowhere', 'group', 'moves', 'fixed', 'search']),
  resource: z.string().nullable(),
  server: z.string().nullable(),
  dimension: z.string().nullable(),
  /** Servers more (no resource named), or units of the dimension more on that server. */
  amount: z.number().nullable(),
});
export type PackingBlocker = Readonly<z.output<typeof packingBlockerSchema>>;

const NAMED_MAX = 20;

/** The smallest thing for each resource that is misplaced, and for each server that is overloaded; the fleet first. */
export function blockersOf(
  file: ProblemFile,
  packing: Packing,
  assignment: Int32Array,
): PackingBlocker[] {
  const misplaced = [...assignment.entries()].flatMap(([resource, server]) =>
    isMisplaced(packing, resource, server) ? [resource] : [],
  );
  const overloads = overloadsOf(file, packing, assignment);
  if (misplaced.length === 0 && overloads.length === 0) return [];
  const tableau = new Tableau(packing);
  tableau.become(assignment);
  return [
    ...fleetShortage(file, packing),
    ...misplaced.slice(0, NAMED_MAX).map((resource) => ofResource(file, tableau, resource)),
    ...overloads.slice(0, NAMED_MAX),
  ];
}

/** Even a perfect spread is too full: so many servers of the mean size more would do. */
function fleetShortage({ dimensions }: ProblemFile, packing: Packing): PackingBlocker[] {
  const { peak, fullestCell, servers } = boundOf(packing);
  if (!isAbove(peak, 1)) return [];
  const dimension = dimensions[Math.floor(fullestCell / packing.steps)]!.name;
  const amount = Math.ceil((peak - 1) * servers * 10 - 1e-9) / 10;
  return [{ kind: 'capacity', resource: null, server: null, dimension, amount }];
}

function ofResource(file: ProblemFile, tableau: Tableau, resource: number): PackingBlocker {
  const { packing } = tableau;
  const { name, pinned } = file.resources[resource]!;
  const none = { resource: name, server: null, dimension: null, amount: null };
  if (packing.isMovable[resource] === 0) return { kind: 'fixed', ...none };
  let least: PackingBlocker | undefined;
  let leastShare = Infinity;
  for (const [server, { name: serverName }] of file.servers.entries()) {
    if (isMisplaced(packing, resource, server)) continue;
    const lack = lackOf(packing, server, (cell) => tableau.occupiedWith(resource, server, cell));
    if (lack === undefined) {
      least ??= { ...none, kind: ruleAgainst(tableau, resource, server), server: serverName };
    } else if (lack.share < leastShare) {
      leastShare = lack.share;
      least = capacityBlocker(file, { resource: name, server, lack });
    }
  }
  if (least !== undefined) return least;
  return pinned === null ? { kind: 'nowhere', ...none } : { kind: 'pin', ...none, server: pinned };
}

/** Why the resource does not go where there is room for it. */
function ruleAgainst(
  tableau: Tableau,
  resource: number,
  server: number,
): 'group' | 'moves' | 'search' {
  const { groups, price } = tableau;
  const source = tableau.assignment[resource]!;
  if (groups.meets(resource, server)) return 'group';
  if (groups.faultsDelta(resource, source, server) > 0) return 'group';
  if (!price.isWithinLimits(resource, server)) return 'moves';
  tableau.move(resource, server);
  const isSound = groups.isNoWorse();
  tableau.move(resource, source);
  return isSound ? 'search' : 'group';
}

interface Lack {
  readonly cell: number;
  readonly amount: number;
  /** Of the server's whole capacity. */
  readonly share: number;
}

/** What a server would lack most of with so much in each cell; undefined: nothing. */
function lackOf(
  { cells, capacity, perCapacity }: Packing,
  server: number,
  loadAt: (cell: number) => number,
): Lack | undefined {
  let worst: Lack | undefined;
  for (let cell = 0; cell < cells; cell++) {
    const at = server * cells + cell;
    const load = loadAt(cell);
    if (!isAbove(load, capacity[at]!)) continue;
    const amount = load - capacity[at]!;
    const share = amount * perCapacity[at]!;
    if (worst === undefined || share > worst.share) worst = { cell, amount, share };
  }
  return worst;
}

function capacityBlocker(
  { servers, dimensions, steps }: ProblemFile,
  {
    resource,
    server,
    lack: { cell, amount },
  }: { readonly resource: string | null; readonly server: number; readonly lack: Lack },
): PackingBlocker {
  const dimension = dimensions[Math.floor(cell / steps)]!.name;
  return { kind: 'capacity', resource, server: servers[server]!.name, dimension, amount };
}

/** Servers above a capacity, in the dimension where it is worst. */
function overloadsOf(
  file: ProblemFile,
  packing: Packing,
  assignment: Int32Array,
): PackingBlocker[] {
  const usage = usageOf(packing, assignment, packing.demand);
  return [...file.servers.keys()].flatMap((server): PackingBlocker[] => {
    const lack = lackOf(packing, server, (cell) => usage[server * packing.cells + cell]!);
    return lack === undefined ? [] : [capacityBlocker(file, { resource: null, server, lack })];
  });
}
