import { fail } from '../../../core/errors.js';
import type { MoveLimits } from '../move-allowance.js';
import type { Packing } from './packing.js';
import type { Group } from '../problem.js';
import { NOWHERE } from '../problem.js';
import type { ProblemFile } from './problem-file.js';

type FileServer = ProblemFile['servers'][number];
type FileResource = ProblemFile['resources'][number];

/**
 * The file as numbers; spare servers are closed.
 * @throws ERR_PLANNING_INVALID — a name twice or unknown, a list of another length than there are steps
 */
export function packingFrom(file: ProblemFile): Packing {
  const { servers, resources, groups, dimensions, steps, moves } = file;
  const serverIndex = indexOf('server', servers);
  const groupIndex = indexOf('group', groups);
  const cells = dimensions.length * steps;
  indexOf('resource', resources);
  indexOf('dimension', dimensions);
  const zonings = new Zonings(servers);
  const groupOf = Int32Array.from(resources, ({ name, group }) =>
    group === null ? NOWHERE : named(groupIndex, group, `resource ${name}`),
  );
  const members = groups.map((): number[] => []);
  for (const [resource, group] of groupOf.entries()) members[group]?.push(resource);
  const base = basesOf(file);
  const capacity = rows(file, servers, ({ capacity: loads }) => loads, Infinity);
  const soft = softOf(file, capacity);
  const start = Int32Array.from(resources, ({ name, server }) => {
    const at = server === null ? NOWHERE : named(serverIndex, server, `resource ${name}`);
    return at === NOWHERE || servers[at]!.state === 'lost' ? NOWHERE : at;
  });
  return {
    resources: resources.length,
    servers: servers.length,
    steps,
    cells,
    demand: rows(file, [...resources, NOBODY], ({ demand }) => demand, 0),
    capacity: capacity.map((value, at) => value - base[at]!),
    whole: capacity,
    perCapacity: capacity.map((value) => (value > 0 ? 1 / value : 1)),
    soft: soft.map((value, at) => value - base[at]!),
    softWeight: softWeightsOf(file, capacity),
    evenWeight: evenWeightsOf(file, capacity),
    isTransient: Uint8Array.from({ length: cells }, (_hole, cell) =>
      dimensions[Math.floor(cell / steps)]!.transient ? 1 : 0,
    ),
    start,
    allowed: allowedOf(file, serverIndex, false),
    isMovable: Uint8Array.from(resources, ({ fixed }) => (fixed ? 0 : 1)),
    groupOf,
    groups: groups.map((group, index): Group => ({
      members: Int32Array.from(members[index]!),
      isApart: group.apart,
      spread:
        group.spread === null
          ? null
          : { zoning: zonings.of(group.spread.over, group.name), zonesMin: group.spread.min },
      needs: group.needs.map(({ group: other, within }) => ({
        zoning: zonings.of(within, group.name),
        group: named(groupIndex, other, `group ${group.name}`),
      })),
    })),
    zonings: zonings.all(),
    price: {
      resource: Float64Array.from(
        resources,
        ({ moveCost, sessions, inFlight }) =>
          moveCost * moves.costWeight +
          sessions * moves.sessionWeight +
          inFlight * moves.inFlightWeight,
      ),
      distance: distancesOf(file),
      busiestGroup: moves.busiestGroupWeight,
    },
    limits: limitsOf(file),
  };
}

/** The same with spare servers open. @param packing of that file */
export function withSparesOpen(file: ProblemFile, packing: Packing): Packing {
  return { ...packing, allowed: allowedOf(file, indexOf('server', file.servers), true) };
}

/** What each server carries besides its resources, at `s · cells + cell`. */
export function basesOf(file: ProblemFile): Float64Array {
  return rows(file, file.servers, ({ base }) => base, 0);
}

/** The loads of another world, in the layout of `demand`; null: no resource says anything of it. */
export function demandFrom(file: ProblemFile, world: 'low' | 'high' | 'last'): Float64Array | null {
  const { resources } = file;
  if (resources.every((resource) => resource[world] === undefined)) return null;
  return rows(file, [...resources, NOBODY], (resource) => resource[world] ?? resource.demand, 0);
}

/** Of whom the row after the last resource is. */
const NOBODY: Pick<FileResource, 'name' | 'demand' | 'low' | 'high' | 'last'> = {
  name: 'nobody',
  demand: {},
};

function indexOf(what: string, list: readonly { readonly name: string }[]): Map<string, number> {
  const index = new Map<string, number>();
  for (const [at, { name }] of list.entries()) {
    if (index.has(name)) return invalid(`${what} ${name}`, 'it is named twice');
    index.set(name, at);
  }
  return index;
}

function named(index: ReadonlyMap<string, number>, name: string, where: string): number {
  return index.get(name) ?? invalid(where, `it names ${name}, which there is not`);
}

function invalid(what: string, why: string): never {
  return fail('ERR_PLANNING_INVALID', { what, why });
}

/** Loads of each of a list, at `row · cells + cell`. */
function rows<T extends { readonly name: string }>(
  { dimensions, steps }: ProblemFile,
  list: readonly T[],
  loadsOf: (of: T) => Readonly<Record<string, number | readonly number[]>>,
  otherwise: number,
): Float64Array {
  const cells = dimensions.length * steps;
  const result = new Float64Array(list.length * cells).fill(otherwise);
  const known = new Map(dimensions.map(({ name }, at) => [name, at]));
  for (const [row, of] of list.entries()) {
    const loads = loadsOf(of);
    for (const name in loads) {
      const load = loads[name]!;
      const from = row * cells + named(known, name, of.name) * steps;
      if (typeof load === 'number') result.fill(load, from, from + steps);
      else if (load.length === steps) result.set(load, from);
      else invalid(of.name, `${name} has ${load.length} values for ${steps} steps`);
    }
  }
  return result;
}

function softOf(file: ProblemFile, capacity: Float64Array): Float64Array {
  const { target } = file.objective;
  const soft = rows(file, file.servers, (server) => server.soft, NaN);
  return soft.map((value, at) => (Number.isNaN(value) ? capacity[at]! * target : value));
}

/** By default an excess counts as the share of the capacity that it is. */
function softWeightsOf(
  { dimensions, steps, servers }: ProblemFile,
  capacity: Float64Array,
): Float64Array {
  const cells = dimensions.length * steps;
  return Float64Array.from({ length: servers.length * cells }, (_hole, at) => {
    const { softWeight } = dimensions[Math.floor((at % cells) / steps)]!;
    if (softWeight !== null) return softWeight / steps;
    return capacity[at]! > 0 && capacity[at]! < Infinity ? 1 / (capacity[at]! * steps) : 0;
  });
}

function evenWeightsOf({ steps, objective }: ProblemFile, capacity: Float64Array): Float64Array {
  return capacity.map((value) =>
    value > 0 && value < Infinity ? objective.evenWeight / (value * value * steps) : 0,
  );
}

function allowedOf(
  { servers, resources }: ProblemFile,
  serverIndex: ReadonlyMap<string, number>,
  areSparesOpen: boolean,
): Uint8Array[] {
  const used = new Set(resources.map(({ server }) => server));
  const isReady = Uint8Array.from(servers, ({ name, state }) =>
    state === 'ready' || (state === 'spare' && (areSparesOpen || used.has(name))) ? 1 : 0,
  );
  const byKey = new Map<string, Uint8Array>();
  return resources.map(({ name, allowed, pinned }) => {
    if (allowed === null && pinned === null) return isReady;
    const names = pinned === null ? allowed! : [pinned];
    const key = names.join('\n');
    const mask = byKey.get(key) ?? new Uint8Array(servers.length);
    if (!byKey.has(key)) {
      for (const server of names) {
        const at = named(serverIndex, server, `resource ${name}`);
        mask[at] = isReady[at]!;
      }
      byKey.set(key, mask);
    }
    return mask;
  });
}

class Zonings {
  readonly #servers: readonly FileServer[];
  readonly #byKind = new Map<string, { readonly at: number; readonly zoneOf: Int32Array }>();

  constructor(servers: readonly FileServer[]) {
    this.#servers = servers;
  }

  of(kind: string, group: string): number {
    const known = this.#byKind.get(kind);
    if (known !== undefined) return known.at;
    const names = new Map<string, number>();
    const zoneOf = Int32Array.from(this.#servers, ({ name, zones }) => {
      const zone = zones[kind];
      if (zone === undefined) return invalid(`group ${group}`, `server ${name} is in no ${kind}`);
      const at = names.get(zone) ?? names.size;
      names.set(zone, at);
      return at;
    });
    const at = this.#byKind.size;
    this.#byKind.set(kind, { at, zoneOf });
    return at;
  }

  all(): Int32Array[] {
    return [...this.#byKind.values()].map(({ zoneOf }) => zoneOf);
  }
}

function distancesOf({ servers, moves: { distances } }: ProblemFile): Float64Array | null {
  if (distances === null) return null;
  const isSquare =
    distances.length === servers.length && distances.every((row) => row.length === servers.length);
  if (!isSquare)
    return invalid('moves.distances', `it is not ${servers.length} lists of ${servers.length}`);
  const result = new Float64Array(servers.length * servers.length);
  for (const [at, row] of distances.entries()) result.set(row, at * servers.length);
  return result;
}

const HOUR_MS = 3_600_000;

/** What an hour may have, less what was moved in the hour before, is a limit of the plan. */
function limitsOf({ moves, resources, startMs }: ProblemFile): MoveLimits {
  const lately = resources.filter(
    ({ movedMs }) => movedMs !== null && movedMs > startMs - HOUR_MS && movedMs <= startMs,
  );
  const weightLately = lately.reduce((sum, { moveWeight }) => sum + moveWeight, 0);
  const left = (most: number | null, made: number): number =>
    most === null ? Infinity : Math.max(0, most - made);
  return {
    movesMax: Math.min(moves.max ?? Infinity, left(moves.perHourMax, lately.length)),
    weightMax: Math.min(moves.weightMax ?? Infinity, left(moves.weightPerHourMax, weightLately)),
    movesPerServerMax: moves.perServerMax ?? Infinity,
    weightPerServerMax: moves.weightPerServerMax ?? Infinity,
    weight: Float64Array.from(resources, ({ moveWeight }) => moveWeight),
  };
}
