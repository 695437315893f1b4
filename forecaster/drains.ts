import type { ResourceId, ServerId } from '../core/domain.js';
import { PLAN, ROUND } from '../core/table-store/records/plan.js';
import { SERVER_STATE } from '../core/table-store/records/server.js';
import { stateOf } from '../core/table-store/server-state.js';
import type { TableView } from '../core/table-store/view.js';
import { residentsByServer } from './residents.js';

/** A server that is to be emptied. */
export interface Drain {
  readonly server: ServerId;
  readonly sinceMs: number;
  /** Resources that it still serves. */
  readonly remaining: number;
  /** What stood in the way last; undefined: nothing did yet. */
  readonly blocker: { readonly resource: ResourceId; readonly why: string } | undefined;
}

export function drainsIn(view: TableView): Drain[] {
  const draining = [...view.all(SERVER_STATE)].filter(
    ([server]) => stateOf(view, server) === 'draining',
  );
  if (draining.length === 0) return [];
  const residents = residentsByServer(view.table);
  return draining.map(([server, { value }]) => {
    const resources = new Set(residents.get(server));
    const { sinceMs } = value;
    const blocker = refusedSwitch(view, resources, sinceMs) ?? blockedRound(view, resources);
    return { server, sinceMs, remaining: resources.size, blocker };
  });
}

/** The last switch of one of these that did not come about. */
function refusedSwitch(
  view: TableView,
  resources: ReadonlySet<ResourceId>,
  sinceMs: number,
): Drain['blocker'] {
  const outcomes = [...view.all(PLAN).values()]
    .flatMap(({ value }) => value.outcomes)
    .filter(({ result, atMs }) => result !== 'applied' && atMs >= sinceMs)
    .sort((a, b) => b.atMs - a.atMs);
  for (const { resources: moved, why } of outcomes) {
    const resource = moved.find((one) => resources.has(one));
    if (resource !== undefined) return { resource, why };
  }
  return undefined;
}

/** What the last round said of one of these. */
function blockedRound(view: TableView, resources: ReadonlySet<ResourceId>): Drain['blocker'] {
  const round = view.get(ROUND, 'last')?.value;
  for (const { resource, kind } of round?.none?.blockers ?? []) {
    if (resource !== null && resources.has(resource)) return { resource, why: kind };
  }
  return undefined;
}
