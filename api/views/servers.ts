import type { ServerId } from '../../core/domain.js';
import type { Eligibility } from '../../core/table-store/eligibility.js';
import type { BatchOutcome } from '../../core/table-store/records/plan.js';
import { PLAN, ROUND } from '../../core/table-store/records/plan.js';
import { ANNOUNCED, LOST, SERVER, SERVER_STATE } from '../../core/table-store/records/server.js';
import { ACK, MEMBER, SWITCH } from '../../core/table-store/records/switch.js';
import { stateOf } from '../../core/table-store/server-state.js';
import type { TableView } from '../../core/table-store/view.js';
import { blockerWords } from '../../forecaster/planner/words.js';
import type { Servers } from '../contract/servers.js';
import type { Fleet } from './kept/fleet.js';

type ServerView = Servers['servers'][number];
type Drain = NonNullable<ServerView['drain']>;

const NAMED_MAX = 20;

export function serversOf(view: TableView, eligibility: Eligibility, fleet: Fleet): Servers {
  const ids = [...view.all(SERVER).keys()].sort();
  return {
    servers: ids.map((id) => ({
      id,
      health: healthOf(id, view),
      isAnnounced: view.get(ANNOUNCED, id) === undefined ? null : eligibility.isLive(id),
      drain: drainOf(id, view, fleet),
    })),
  };
}

/** By what the redirectors say of it. */
function healthOf(id: ServerId, view: TableView): ServerView['health'] {
  const lost = view.get(LOST, id)?.value;
  if (lost !== undefined) return { isWell: false, text: lost.how, sinceMs: lost.sinceMs };
  const members = [...view.all(MEMBER)];
  if (members.length === 0) {
    return { isWell: false, text: 'no redirector is there to ask it', sinceMs: null };
  }
  const faults = members.flatMap(([member, { value }]) => {
    const fault = value.unreachable[id];
    return fault === undefined ? [] : [{ member, ...fault }];
  });
  const [first] = faults;
  if (first === undefined) {
    const { length } = members;
    const whom = length === 1 ? 'the redirector' : `all ${length} redirectors`;
    return { isWell: true, text: `answers ${whom}`, sinceMs: null };
  }
  const said = { refused: 'refuses connections from', silent: 'does not answer' } as const;
  const names = faults.map(({ member }) => member).join(', ');
  return {
    isWell: false,
    text: `${said[first.evidence]} ${names}`,
    sinceMs: Math.min(...faults.map(({ sinceMs }) => sinceMs)),
  };
}

function drainOf(id: ServerId, view: TableView, fleet: Fleet): Drain | null {
  const state = stateOf(view, id);
  const wanted = view.get(SERVER_STATE, id)?.value;
  if (wanted === undefined || (state !== 'draining' && state !== 'maintenance')) return null;
  const resources = [...(fleet.residents.get(id) ?? [])].sort();
  const left = departures(id, wanted.sinceMs, view);
  const lastMs = Math.max(...left.map(({ atMs }) => atMs));
  const moved = left.reduce((sum, { count }) => sum + count, 0);
  const { sinceMs } = wanted;
  return {
    sinceMs,
    remaining: resources.length,
    resources: resources.slice(0, NAMED_MAX),
    moved,
    etaMs: moved === 0 ? null : Math.round(((lastMs - sinceMs) / moved) * resources.length),
    blockers: resources.length === 0 ? [] : blockersOf(new Set(resources), sinceMs, view),
  };
}

/** What left the server, and when. */
function departures(
  id: ServerId,
  sinceMs: number,
  view: TableView,
): { readonly atMs: number; readonly count: number }[] {
  return [...view.all(PLAN).values()].flatMap(({ value: { plan, outcomes } }) =>
    outcomes.flatMap(({ batch, result, atMs }) => {
      if (result !== 'applied' || atMs < sinceMs) return [];
      const moves = plan.batches[batch]?.moves ?? [];
      const count = moves.filter(({ source }) => source === id).length;
      return count === 0 ? [] : [{ atMs, count }];
    }),
  );
}

/** What holds a switch that is open, what failed lately, and what the last round said; each resource once. */
function blockersOf(
  resources: ReadonlySet<string>,
  sinceMs: number,
  view: TableView,
): Drain['blockers'] {
  const found = new Map<string, Drain['blockers'][number]>();
  const add = (resource: string | null, why: string): void => {
    const key = resource ?? why;
    if (!found.has(key) && found.size < NAMED_MAX) found.set(key, { resource, why });
  };
  if (view.get(SWITCH, 'open') !== undefined) {
    for (const { value } of view.all(ACK).values()) {
      for (const { resource, what } of value.obstacles) {
        if (resources.has(resource)) add(resource, what);
      }
    }
  }
  for (const { resources: moved, why } of failedLately(sinceMs, view)) {
    for (const resource of moved) if (resources.has(resource)) add(resource, why);
  }
  for (const blocker of view.get(ROUND, 'last')?.value.none?.blockers ?? []) {
    if (blocker.resource !== null && !resources.has(blocker.resource)) continue;
    add(blocker.resource, blockerWords(blocker));
  }
  return [...found.values()];
}

function failedLately(sinceMs: number, view: TableView): BatchOutcome[] {
  return [...view.all(PLAN).values()]
    .flatMap(({ value }) => value.outcomes)
    .filter(({ result, atMs }) => result !== 'applied' && atMs >= sinceMs)
    .sort((a, b) => b.atMs - a.atMs);
}
