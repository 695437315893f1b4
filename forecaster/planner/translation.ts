import type { Dimension, ResourceId, ServerId } from '../../core/domain.js';
import { DIMENSIONS } from '../../core/domain.js';
import { fail } from '../../core/errors.js';
import type { ForecastBlock } from '../../core/forecast.js';
import { areSameFacts } from '../../core/kept.js';
import type { Metric } from '../../core/sample.js';
import type { AllowedSets, Servers } from './allowed.js';
import { allowedSets } from './allowed.js';
import type { DemandRows } from './demand.js';
import { demandAt, isKnown } from './demand.js';
import { groupingOf } from './grouping.js';
import { headroomTarget } from './losses.js';
import type { PlannerOptions, PlanningInputs, PlanningResource, PlanningServer } from './inputs.js';
import { placesOf } from './places.js';
import type { Objective, Problem, Role } from './problem.js';
import { NOWHERE } from './problem.js';
import { restedMs } from './rested.js';
import { burdensOf, moveCostsOf, sizesOf } from './sizing.js';

const HOUR_MS = 3_600_000;

/** From names to indices and numbers. The order of the inputs plays no part: everything is sorted by name. */
export interface Translation {
  readonly problem: Problem;
  readonly rows: DemandRows;
  /** In the problem's order. */
  readonly resources: readonly PlanningResource[];
  readonly servers: readonly PlanningServer[];
}

/** What was translated before: of the same forecast and the same resources, what they need is not made again. */
export interface Translated {
  readonly inputs: PlanningInputs;
  readonly translation: Translation;
}

/** @throws ERR_PLANNING_INVALID — a name twice, a capacity or load that none can be */
export function translate(inputs: PlanningInputs, before?: Translated): Translation {
  const { problem, ...rest } = translateUnpriced(inputs, before);
  return { ...rest, problem: { ...problem, moveCost: moveCostsOf(problem, inputs.options) } };
}

/** The same, no move costing anything: what that is asks for a look at all loads. */
export function translateUnpriced(inputs: PlanningInputs, before?: Translated): Translation {
  const { resources, ids } = namedResources(inputs, before);
  const count = resources.length;
  const servers = sortedById('server', inputs.servers);
  const serverIndex = new Map(servers.map(({ id }, index) => [id, index]));
  const dimensions = plannedDimensions(inputs.forecast, servers);
  const roles = servers.map(({ state }) => roleOf(state));
  const known = isSameFleet(resources, serverIndex, before) ? before : undefined;
  const { allowed, refuges } = setsOf(resources, { serverIndex, roles }, known);
  const of = { resources: ids, dimensions };
  const { rows, demand, bytes, isUnmeasured } = requirementsOf(inputs, of, before);
  const facts = { resources, allowed, isUnmeasured, serverIndex, roles };
  const { origin, start, needs, freedom } = placesOf(
    inputs,
    facts,
    before && { inputs: before.inputs, ...before.translation },
  );
  const perCapacity = perCapacityOf(servers, dimensions);
  const size = sizesOf(count, { demand, perCapacity, roles });
  const problem: Problem = {
    resources: ids,
    servers: servers.map(({ id }) => id),
    dimensions,
    steps: inputs.forecast.grid.steps,
    demand,
    perCapacity,
    base: basesOf(servers, dimensions),
    roles,
    isSpare: servers.map(({ spare }) => spare),
    zones: servers.map(({ zone }) => zone),
    origin,
    start,
    wanted:
      known === undefined ? wantedOf(resources, serverIndex) : known.translation.problem.wanted,
    grouping: groupingOf(ids, servers, { start, options: inputs.options.groups }),
    allowed,
    refuges,
    freedom,
    needs,
    size,
    moveCost: new Float64Array(count),
    burden: burdenOf(inputs, { resources, bytes }, known),
    isUnmeasured,
    response: responseOf(servers),
    objective: objectiveOf(
      inputs.options,
      headroomTarget(servers, dimensions, inputs.options.headroom),
    ),
    movesMax: Math.min(inputs.options.movesMax, hourlyMovesLeft(inputs)),
    bytes,
    bytesMax: Math.min(
      inputs.options.bytesMax ?? Infinity,
      hourlyBytesLeft(inputs, resources, bytes),
    ),
    serverBytesMax: inputs.options.bytesPerServerMax ?? Infinity,
    serverMovesMax: inputs.options.movesPerServerMax ?? Infinity,
    batchMovesMax: inputs.options.batchMovesMax,
    unservedBatchMovesMax: inputs.options.unservedBatchMovesMax,
  };
  return { problem, rows, resources, servers };
}

/**
 * In the order of their names. Of the same names as before `ids` is the same list, whatever else is said of them: in one of many
 * thousands a changed fleet differs.
 */
function namedResources(
  { resources }: PlanningInputs,
  before: Translated | undefined,
): { readonly resources: readonly PlanningResource[]; readonly ids: readonly ResourceId[] } {
  if (before === undefined || !areSameNames(resources, before.inputs.resources)) {
    const sorted = sortedById('resource', resources);
    return { resources: sorted, ids: sorted.map(({ id }) => id) };
  }
  const { translation, inputs } = before;
  const isInOrder = translation.resources === inputs.resources;
  return {
    resources: isInOrder ? resources : sortedById('resource', resources),
    ids: translation.problem.resources,
  };
}

/** In the same order, too. */
function areSameNames(
  some: readonly PlanningResource[],
  others: readonly PlanningResource[],
): boolean {
  if (some.length !== others.length) return false;
  for (let at = 0; at < some.length; at++) {
    if (some[at] !== others[at] && some[at]!.id !== others[at]!.id) return false;
  }
  return true;
}

/** The same resources, and servers of the same names, whatever else is said of these. */
function isSameFleet(
  resources: readonly PlanningResource[],
  serverIndex: ReadonlyMap<ServerId, number>,
  before: Translated | undefined,
): boolean {
  if (before?.translation.resources !== resources) return false;
  return areSameFacts(before.translation.problem.servers, [...serverIndex.keys()]);
}

/** @param known of the same fleet */
function setsOf(
  resources: readonly PlanningResource[],
  servers: Servers,
  known: Translated | undefined,
): AllowedSets {
  const isSame = areSameFacts(known?.translation.problem.roles ?? [], servers.roles);
  return isSame && known !== undefined
    ? known.translation.problem
    : allowedSets(resources, servers);
}

/** @param known of the same fleet */
function burdenOf(
  { options: { moveBytesWeight, moveInFlightWeight } }: PlanningInputs,
  {
    resources,
    bytes,
  }: { readonly resources: readonly PlanningResource[]; readonly bytes: Float64Array },
  known: Translated | undefined,
): Float64Array {
  if (known !== undefined) {
    const { options } = known.inputs;
    const { problem } = known.translation;
    const facts = [problem.bytes, options.moveBytesWeight, options.moveInFlightWeight];
    if (areSameFacts(facts, [bytes, moveBytesWeight, moveInFlightWeight])) return problem.burden;
  }
  return burdensOf(resources.length, [
    { weight: moveBytesWeight, amounts: bytes },
    { weight: moveInFlightWeight, amounts: inFlightOf(resources) },
  ]);
}

interface Requirements extends Pick<Problem, 'demand' | 'bytes' | 'isUnmeasured'> {
  readonly rows: DemandRows;
}

/** What the resources need, and have with them: whatever servers there are, the forecast alone says that. */
function requirementsOf(
  inputs: PlanningInputs,
  of: Pick<Problem, 'resources' | 'dimensions'>,
  before: Translated | undefined,
): Requirements {
  const { forecast, last, options } = inputs;
  if (before?.inputs.forecast === forecast && before.inputs.last === last) {
    const { problem, rows } = before.translation;
    const { demand, bytes, isUnmeasured } = problem;
    const isSame =
      before.inputs.options.quantile === options.quantile &&
      before.inputs.options.countsTail === options.countsTail &&
      problem.resources === of.resources &&
      areSameFacts(problem.dimensions, of.dimensions);
    if (isSame) return { rows, demand, bytes, isUnmeasured };
  }
  const rows = rowsOf(forecast, of);
  return {
    rows,
    demand: demandAt(forecast, rows, options.quantile, { tail: options.countsTail }),
    bytes: bytesOf(inputs, of.resources),
    isUnmeasured: unmeasuredIn(rows),
  };
}

function sortedById<T extends { readonly id: string }>(
  what: string,
  list: readonly T[],
): readonly T[] {
  // As a rule they come in this order.
  if (isAscending(list)) return list;
  const sorted = [...list].sort((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0));
  const twice = sorted.find(({ id }, index) => sorted[index + 1]?.id === id);
  if (twice !== undefined) {
    return fail('ERR_PLANNING_INVALID', { what: `${what} ${twice.id}`, why: 'it is named twice' });
  }
  return sorted;
}

/** By name, each once. */
function isAscending(list: readonly { readonly id: string }[]): boolean {
  for (let at = 1; at < list.length; at++) {
    if (!(list[at - 1]!.id < list[at]!.id)) return false;
  }
  return true;
}

/** Those that are forecast for a resource and limited at a server. */
function plannedDimensions(
  forecast: ForecastBlock,
  servers: readonly PlanningServer[],
): Dimension[] {
  const metrics = forecastMetrics(forecast);
  return DIMENSIONS.filter(
    (dimension) =>
      metrics.has(dimension) &&
      servers.some(({ capacity, state }) => state !== 'lost' && capacity[dimension] !== undefined),
  );
}

const metricsOf = new WeakMap<ForecastBlock, ReadonlySet<Metric>>();

/** That are forecast for resources: found once for each forecast. */
function forecastMetrics(forecast: ForecastBlock): ReadonlySet<Metric> {
  const known = metricsOf.get(forecast);
  if (known !== undefined) return known;
  const metrics = new Set<Metric>();
  for (const { subject, metric } of forecast.series)
    if (subject === 'resource') metrics.add(metric);
  metricsOf.set(forecast, metrics);
  return metrics;
}

function rowsOf(
  { series: keys }: ForecastBlock,
  { resources, dimensions }: Pick<Problem, 'resources' | 'dimensions'>,
): DemandRows {
  const indexOf = new Map<string, number>(resources.map((id, index) => [id, index]));
  const series = new Int32Array(resources.length * dimensions.length).fill(-1);
  for (const [at, key] of keys.entries()) {
    if (key.subject !== 'resource') continue;
    const resource = indexOf.get(key.id);
    const dimension = dimensions.findIndex((candidate) => candidate === key.metric);
    if (resource === undefined || dimension < 0) continue;
    series[resource * dimensions.length + dimension] = at;
  }
  return { resources: resources.length, dimensions: dimensions.length, series };
}

/** 1: nothing of it is forecast. */
function unmeasuredIn(rows: DemandRows): Uint8Array {
  const isUnmeasured = new Uint8Array(rows.resources);
  for (let row = 0; row < rows.resources; row++) isUnmeasured[row] = isKnown(rows, row) ? 0 : 1;
  return isUnmeasured;
}

function roleOf(state: PlanningServer['state']): Role {
  switch (state) {
    case 'ready':
    case 'lost':
      return state;
    case 'draining':
    case 'maintenance':
      return 'leaving';
  }
}

function wantedOf(
  resources: readonly PlanningResource[],
  serverIndex: ReadonlyMap<ServerId, number>,
): Int32Array | null {
  let targets: Int32Array | null = null;
  for (let row = 0; row < resources.length; row++) {
    const { wanted } = resources[row]!;
    if (wanted === undefined) continue;
    targets ??= new Int32Array(resources.length).fill(NOWHERE);
    targets[row] = serverIndex.get(wanted) ?? NOWHERE;
  }
  return targets;
}

/** How many moves may be added to those of the last hour, and those that are approved or under way. */
function hourlyMovesLeft({
  nowMs,
  resources,
  options: { movesPerHourMax },
}: PlanningInputs): number {
  if (movesPerHourMax === undefined) return Infinity;
  const made = resources.filter((resource) => isMovedWithinHour(resource, nowMs));
  return Math.max(0, movesPerHourMax - made.length);
}

/** The same in bytes. @param bytes of these resources */
function hourlyBytesLeft(
  { nowMs, options: { bytesPerHourMax } }: PlanningInputs,
  resources: readonly PlanningResource[],
  bytes: Float64Array,
): number {
  if (bytesPerHourMax === undefined) return Infinity;
  const made = bytes.reduce(
    (sum, amount, index) => sum + (isMovedWithinHour(resources[index]!, nowMs) ? amount : 0),
    0,
  );
  return Math.max(0, bytesPerHourMax - made);
}

function isMovedWithinHour(resource: PlanningResource, nowMs: number): boolean {
  return resource.movingTo !== null || restedMs(resource, nowMs) < HOUR_MS;
}

/** The memory that each was last seen to take; 0: not known. */
function bytesOf(
  { forecast: { series }, last }: PlanningInputs,
  resources: readonly ResourceId[],
): Float64Array {
  const memory = new Map<ResourceId, number>();
  for (const [at, key] of series.entries()) {
    if (key.subject === 'resource' && key.metric === 'memory') memory.set(key.id, last[at]!);
  }
  return Float64Array.from(resources, (id) => Math.max(0, memory.get(id) ?? 0) || 0);
}

function inFlightOf(resources: readonly PlanningResource[]): Float64Array {
  const amounts = new Float64Array(resources.length);
  for (let row = 0; row < resources.length; row++) {
    const { id, inFlight = 0 } = resources[row]!;
    if (!(inFlight >= 0 && inFlight < Infinity)) {
      fail('ERR_PLANNING_INVALID', {
        what: `resource ${id}`,
        why: `${inFlight} in flight is below 0 or endless`,
      });
    }
    amounts[row] = inFlight;
  }
  return amounts;
}

/** Of whom it is not known counts as the mean of the others. */
function responseOf(servers: readonly PlanningServer[]): Float64Array | null {
  const known = servers.flatMap(({ id, responseMs }) => {
    if (responseMs === undefined) return [];
    if (responseMs >= 0 && responseMs < Infinity) return [responseMs];
    return fail('ERR_PLANNING_INVALID', {
      what: `server ${id}`,
      why: `a response time of ${responseMs} ms is below 0 or endless`,
    });
  });
  if (known.length === 0) return null;
  const mean = known.reduce((sum, ms) => sum + ms, 0) / known.length;
  return Float64Array.from(servers, ({ responseMs = mean }) => responseMs);
}

function perCapacityOf(
  servers: readonly PlanningServer[],
  dimensions: readonly Dimension[],
): Float64Array {
  return perServer(servers, dimensions, ({ id, capacity }, dimension) => {
    const value = capacity[dimension];
    if (value === undefined) return 0;
    if (value > 0 && Number.isFinite(1 / value) && value < Infinity) return 1 / value;
    return fail('ERR_PLANNING_INVALID', {
      what: `server ${id}`,
      why: `a capacity of ${value} for ${dimension} is not above 0`,
    });
  });
}

function basesOf(
  servers: readonly PlanningServer[],
  dimensions: readonly Dimension[],
): Float64Array {
  return perServer(servers, dimensions, ({ id, base = {} }, dimension) => {
    const value = base[dimension] ?? 0;
    if (value >= 0 && value < Infinity) return value;
    return fail('ERR_PLANNING_INVALID', {
      what: `server ${id}`,
      why: `a base load of ${value} for ${dimension} is below 0 or endless`,
    });
  });
}

function perServer(
  servers: readonly PlanningServer[],
  dimensions: readonly Dimension[],
  value: (server: PlanningServer, dimension: Dimension) => number,
): Float64Array {
  const values = new Float64Array(servers.length * dimensions.length);
  let at = 0;
  for (const server of servers) {
    for (const dimension of dimensions) values[at++] = value(server, dimension);
  }
  return values;
}

/**
 * A move is worth it if it relieves one server by `gainMin` of its capacity over the whole horizon. An
 * overload of a thousandth at one step outweighs any move.
 */
function objectiveOf(options: PlannerOptions, targetMax: number): Objective {
  const { gainMin, imbalanceMax, imbalanceLoadMin } = options;
  return {
    target: Math.min(options.target, targetMax),
    imbalanceMax,
    imbalanceLoadMin,
    overloadWeight: Math.max(10, 1000 * gainMin * gainMin),
  };
}
