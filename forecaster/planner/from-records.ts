import type { Dimension, ResourceId, ServerId } from '../../core/domain.js';
import type { ForecastBlock } from '../../core/forecast.js';
import type { SeriesKey } from '../../core/sample.js';
import type { Eligibility } from '../../core/table-store/eligibility.js';
import { proposedPlans } from '../../core/table-store/plans.js';
import type { RecordKind } from '../../core/table-store/records/kind.js';
import type { ServerRecord } from '../../core/table-store/records/server.js';
import { ELIGIBLE, PIN, SERVER } from '../../core/table-store/records/server.js';
import type { PlacementRecord } from '../../core/table-store/records/table.js';
import { PLACEMENT } from '../../core/table-store/records/table.js';
import { stateOf } from '../../core/table-store/server-state.js';
import type { Stored } from '../../core/table-store/known-records.js';
import type { TableView } from '../../core/table-store/view.js';
import type { Slices } from '../../core/threads/slices.js';
import { atOnce, eachOf, mapped } from '../../core/threads/slices.js';
import type { Believed } from './disproof.js';
import { borneOut } from './disproof.js';
import type {
  PlannerOptions,
  PlanningInputs,
  PlanningResource,
  PlanningServer,
  Restraint,
} from './inputs.js';
import { ownScheduled } from './scheduled.js';
import { movesUnderWay } from './under-way.js';

/** What was measured lately, as the planner asks for it. */
export interface MeasuredLoads {
  /** NaN: not known. */
  lastOf(series: SeriesKey): number;
  /** What a server carries besides its resources. */
  baseOf(server: ServerId, dimension: Dimension): number;
}

export interface RecordedFacts {
  readonly view: TableView;
  readonly eligibility: Pick<Eligibility, 'servers'>;
  readonly believed: Believed;
  readonly loads: MeasuredLoads;
  readonly nowMs: number;
  readonly options: PlannerOptions;
  readonly seed: number;
  readonly restraint: Restraint | null;
}

/** What the planner is told, from the table store's records, a forecast, and what was measured lately. */
export function inputsFromRecords(facts: RecordedFacts): PlanningInputs {
  return atOnce(inputSlices(facts));
}

/** Each a millisecond or two: while somebody asks, its turn of the event loop has more to do than this. */
const SERIES_A_SLICE = 1000;
const RESOURCES_A_SLICE = 500;
const SERVERS_A_SLICE = 10;

/** What to plan by, of a forecast and what was measured last: as long as both and the step are the same, it need not be made anew. */
export function* believedSlices(
  forecast: ForecastBlock,
  loads: Pick<MeasuredLoads, 'lastOf'>,
  nowMs: number,
): Slices<Believed> {
  const last = Float32Array.from(
    yield* mapped(forecast.series, SERIES_A_SLICE, (series) => loads.lastOf(series)),
  );
  yield;
  return yield* borneOut(forecast, last, nowMs);
}

/** The inputs step by step, of the records as they are at the first: those of later ones play no part. */
export function* inputSlices(facts: RecordedFacts): Slices<PlanningInputs> {
  const { believed, loads, nowMs, options, seed, restraint } = facts;
  const records = recordsOf(facts);
  yield;
  const resources = yield* resourceSlices(records, loads);
  yield;
  const servers = yield* serverSlices(records, loads);
  return {
    nowMs,
    ...believed,
    resources,
    servers,
    options,
    seed,
    restraint,
  };
}

/** What the records say at one moment: the view goes on. */
interface Records {
  readonly placements: ReadonlyMap<ResourceId, Stored<PlacementRecord>>;
  readonly pins: ReadonlyMap<ResourceId, ServerId>;
  readonly eligible: ReadonlyMap<ResourceId, readonly ServerId[]>;
  /** What each server lists, whether its announcements go on or not. */
  readonly listed: ReadonlyMap<ServerId, readonly ResourceId[]>;
  readonly moving: ReadonlyMap<ResourceId, ServerId>;
  readonly wanted: ReadonlyMap<ResourceId, ServerId>;
  readonly servers: readonly (Pick<PlanningServer, 'id' | 'state'> & {
    readonly record: ServerRecord;
  })[];
}

function recordsOf({ view, eligibility, nowMs }: RecordedFacts): Records {
  const servers = [...view.all(SERVER)].sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    placements: new Map(view.all(PLACEMENT)),
    pins: new Map([...valuesIn(view, PIN)].map(([id, { server }]) => [id, server])),
    eligible: eligibility.servers(),
    listed: new Map([...valuesIn(view, ELIGIBLE)].map(([id, { resources }]) => [id, resources])),
    moving: movesUnderWay(view, nowMs),
    wanted: movesWaiting(view, nowMs),
    servers: servers.flatMap(([id, { value }]) => {
      const state = stateOf(view, id);
      return state === 'unknown' ? [] : [{ id, state, record: value }];
    }),
  };
}

function* valuesIn<Value, Id extends string>(
  view: TableView,
  kind: RecordKind<Value, Id>,
): Iterable<[Id, Value]> {
  for (const [id, { value }] of view.all(kind)) yield [id, value];
}

function* resourceSlices(records: Records, loads: MeasuredLoads): Slices<PlanningResource[]> {
  const { placements, eligible, moving, wanted, pins } = records;
  const known = [...new Set([...placements.keys(), ...eligible.keys()])].sort();
  yield;
  const sharedListOf = sharedLists();
  return yield* mapped(known, RESOURCES_A_SLICE, (id): PlanningResource => {
    const placement = placements.get(id)?.value;
    const servers = withPresent(id, placement?.server, records);
    const target = wanted.get(id);
    const inFlight = loads.lastOf({ subject: 'resource', id, metric: 'inflight' });
    return {
      id,
      ...(Number.isFinite(inFlight) && { inFlight }),
      ...(target !== undefined && { wanted: target }),
      server: placement?.server ?? null,
      since: placement?.since ?? null,
      standby: placement?.standby ?? null,
      movedAtMs: placement?.movedAtMs ?? null,
      movingTo: moving.get(id) ?? null,
      pinned: pins.get(id) ?? null,
      eligible: sharedListOf(servers),
    };
  });
}

/** Equal lists are one array. Of many that are one already, each is looked at once. */
function sharedLists(): (servers: readonly ServerId[]) => readonly ServerId[] {
  const byList = new Map<readonly ServerId[], readonly ServerId[]>();
  const byNames = new Map<string, readonly ServerId[]>();
  return (servers) => {
    const known = byList.get(servers);
    if (known !== undefined) return known;
    const names = servers.join(' ');
    const list = byNames.get(names) ?? servers;
    byNames.set(names, list);
    byList.set(servers, list);
    return list;
  };
}

/**
 * A server whose agent's announcements stopped gets nothing new, but what it serves stays: that the agent is
 * not heard is no reason to move anything as long as the server answers.
 */
function withPresent(
  resource: ResourceId,
  present: ServerId | undefined,
  { eligible, listed }: Records,
): readonly ServerId[] {
  const servers = eligible.get(resource) ?? [];
  if (present === undefined || servers.includes(present)) return servers;
  const isListed = listed.get(present)?.includes(resource) === true;
  return isListed ? [...servers, present].sort() : servers;
}

/** Of the plan that waits for an operator or its time, one of a former round (a rollback never waits): this round makes it anew. */
function movesWaiting(view: TableView, nowMs: number): Map<ResourceId, ServerId> {
  const [newest] = [...ownScheduled(view, nowMs), ...proposedPlans(view)];
  const moves = newest?.plan.batches.flatMap((batch) => batch.moves) ?? [];
  return new Map(moves.map(({ resource, target }) => [resource, target]));
}

function* serverSlices(records: Records, loads: MeasuredLoads): Slices<PlanningServer[]> {
  const responses = yield* responseSlices(records, loads);
  yield;
  return yield* mapped(records.servers, SERVERS_A_SLICE, ({ id, state, record }) => {
    const { capacity, spare, zone } = record;
    const base = Object.fromEntries(
      (Object.keys(capacity) as Dimension[]).map(
        (dimension) => [dimension, loads.baseOf(id, dimension)] as const,
      ),
    );
    const responseMs = responses.get(id);
    const server = { id, state, spare, zone, capacity, base };
    return responseMs === undefined ? server : { ...server, responseMs };
  });
}

/** How long each server lately took, mean over the requests for what it serves; absent: nothing was asked of it. */
function* responseSlices(
  { placements }: Records,
  loads: MeasuredLoads,
): Slices<Map<ServerId, number>> {
  const sums = new Map<ServerId, { hits: number; busyMs: number }>();
  yield* eachOf([...placements], RESOURCES_A_SLICE, ([id, { value }]) => {
    const { server } = value;
    const hits = loads.lastOf({ subject: 'resource', id, metric: 'hits' });
    const seconds = loads.lastOf({ subject: 'resource', id, metric: 'latency' });
    if (!(hits > 0) || !Number.isFinite(seconds)) return;
    const sum = sums.get(server) ?? { hits: 0, busyMs: 0 };
    sum.hits += hits;
    sum.busyMs += hits * seconds * 1000;
    sums.set(server, sum);
  });
  return new Map([...sums].map(([server, { hits, busyMs }]) => [server, busyMs / hits]));
}
