import type { Dimension, ResourceId, ServerId } from '../../core/domain.js';
import type { ForecastBlock } from '../../core/forecast.js';
import type { SeriesKey } from '../../core/sample.js';
import type { Eligibility } from '../../core/table-store/eligibility.js';
import { proposedPlans } from '../../core/table-store/plans.js';
import { PLAN } from '../../core/table-store/records/plan.js';
import { ELIGIBLE, PIN, SERVER } from '../../core/table-store/records/server.js';
import { PLACEMENT } from '../../core/table-store/records/table.js';
import { stateOf } from '../../core/table-store/server-state.js';
import type { TableView } from '../../core/table-store/view.js';
import type {
  PlannerOptions,
  PlanningInputs,
  PlanningResource,
  PlanningServer,
  Restraint,
} from './inputs.js';
import { ownScheduled } from './scheduled.js';

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
  readonly forecast: ForecastBlock;
  readonly loads: MeasuredLoads;
  readonly nowMs: number;
  readonly options: PlannerOptions;
  readonly seed: number;
  readonly restraint: Restraint | null;
}

/** What the planner is told, from the table store's records, a forecast, and what was measured lately. */
export function inputsFromRecords(facts: RecordedFacts): PlanningInputs {
  const { forecast, loads, nowMs, options, seed, restraint } = facts;
  return {
    nowMs,
    forecast,
    last: Float32Array.from(forecast.series, (series) => loads.lastOf(series)),
    resources: resourcesOf(facts),
    servers: serversOf(facts),
    options,
    seed,
    restraint,
  };
}

function resourcesOf({ view, eligibility, loads, nowMs }: RecordedFacts): PlanningResource[] {
  const eligible = eligibility.servers();
  const moving = movesUnderWay(view, nowMs);
  const wanted = movesWaiting(view, nowMs);
  const known = new Set([...view.all(PLACEMENT).keys(), ...eligible.keys()]);
  const sharedListOf = sharedLists();
  return [...known].sort().map((id) => {
    const placement = view.get(PLACEMENT, id)?.value;
    const servers = withPresent(id, placement?.server, eligible.get(id) ?? [], view);
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
      pinned: view.get(PIN, id)?.value.server ?? null,
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
  servers: readonly ServerId[],
  view: TableView,
): readonly ServerId[] {
  if (present === undefined || servers.includes(present)) return servers;
  const isListed = view.get(ELIGIBLE, present)?.value.resources.includes(resource) === true;
  return isListed ? [...servers, present].sort() : servers;
}

function movesUnderWay(view: TableView, nowMs: number): Map<ResourceId, ServerId> {
  const targets = new Map<ResourceId, ServerId>();
  const scheduled = new Set(ownScheduled(view, nowMs).map(({ plan }) => plan.id));
  for (const { value } of view.all(PLAN).values()) {
    if (value.status !== 'approved' && value.status !== 'applying') continue;
    if (scheduled.has(value.plan.id)) continue;
    const ended = new Set(value.outcomes.map(({ batch }) => batch));
    for (const [index, { moves }] of value.plan.batches.entries()) {
      if (ended.has(index)) continue;
      for (const { resource, target } of moves) targets.set(resource, target);
    }
  }
  return targets;
}

/** Of the plan that waits for an operator or its time, one of a former round (a rollback never waits): this round makes it anew. */
function movesWaiting(view: TableView, nowMs: number): Map<ResourceId, ServerId> {
  const [newest] = [...ownScheduled(view, nowMs), ...proposedPlans(view)];
  const moves = newest?.plan.batches.flatMap((batch) => batch.moves) ?? [];
  return new Map(moves.map(({ resource, target }) => [resource, target]));
}

function serversOf(facts: RecordedFacts): PlanningServer[] {
  const { view, loads } = facts;
  const responses = responsesOf(facts);
  const servers = [...view.all(SERVER)].sort(([a], [b]) => (a < b ? -1 : 1));
  return servers.flatMap(([id, { value }]) => {
    const state = stateOf(view, id);
    if (state === 'unknown') return [];
    const { capacity, spare, zone } = value;
    const base = Object.fromEntries(
      (Object.keys(capacity) as Dimension[]).map(
        (dimension) => [dimension, loads.baseOf(id, dimension)] as const,
      ),
    );
    const responseMs = responses.get(id);
    const known = { id, state, spare, zone, capacity, base };
    return [responseMs === undefined ? known : { ...known, responseMs }];
  });
}

/** How long each server lately took, mean over the requests for what it serves; absent: nothing was asked of it. */
function responsesOf({ view, loads }: RecordedFacts): Map<ServerId, number> {
  const sums = new Map<ServerId, { hits: number; busyMs: number }>();
  for (const [id, { server }] of view.table.entries()) {
    const hits = loads.lastOf({ subject: 'resource', id, metric: 'hits' });
    const seconds = loads.lastOf({ subject: 'resource', id, metric: 'latency' });
    if (!(hits > 0) || !Number.isFinite(seconds)) continue;
    const sum = sums.get(server) ?? { hits: 0, busyMs: 0 };
    sum.hits += hits;
    sum.busyMs += hits * seconds * 1000;
    sums.set(server, sum);
  }
  return new Map([...sums].map(([server, { hits, busyMs }]) => [server, busyMs / hits]));
}
